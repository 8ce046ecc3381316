// base/rng.h's random_bits in vector lanes, and the dropout masks drawn from it. Equal to base/rng.h bit for bit.
#if defined(ATTUNE_KERNELS_CPU_RANDOM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ATTUNE_KERNELS_CPU_RANDOM_INL_H_
#undef ATTUNE_KERNELS_CPU_RANDOM_INL_H_
#else
#define ATTUNE_KERNELS_CPU_RANDOM_INL_H_
#endif

#include "attune/kernels/cpu/lanes-inl.h"
#include "attune/kernels/dropout.h"

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu::HWY_NAMESPACE {

HWY_INLINE Word lowbias32(Word x) {
  const Words words;
  x = hn::Xor(x, hn::ShiftRight<16>(x));
  x = hn::Mul(x, hn::Set(words, 0x7feb352dU));
  x = hn::Xor(x, hn::ShiftRight<15>(x));
  x = hn::Mul(x, hn::Set(words, 0x846ca68bU));
  return hn::Xor(x, hn::ShiftRight<16>(x));
}

// random_bits(key, counter) for counters that run through a row.
class RowBits {
 public:
  HWY_INLINE explicit RowBits(uint64_t key)
      : first_(hn::Add(hn::Mul(hn::Iota(Words(), 0), hn::Set(Words(), kStep)),
                       hn::Set(Words(), static_cast<uint32_t>(key)))),
        high_(hn::Set(Words(), static_cast<uint32_t>(key >> 32))) {}

  // The bits of counters `counter`, `counter` + 1, ... in the lanes.
  HWY_INLINE Word at(int64_t counter) const {
    const Word start = hn::Add(first_, hn::Set(Words(), static_cast<uint32_t>(counter) * kStep));
    return lowbias32(hn::Add(lowbias32(start), high_));
  }

 private:
  static constexpr uint32_t kStep = 0x9e3779b9U;
  Word first_, high_;
};

// Dropout of one row: apply(x, column) keeps and scales, or zeroes, the elements from `column` on.
class RowDropout {
 public:
  HWY_INLINE RowDropout(const DropoutKeys& keys, int64_t row)
      : bits_(mix_key(keys.site, keys.row_keys[row])),
        threshold_(hn::Set(Words(), keys.threshold())),
        scale_(hn::Set(Floats(), keys.scale())) {}

  HWY_INLINE Float apply(Float x, int64_t column) const {
    const auto dropped = hn::Lt(bits_.at(column), threshold_);
    return hn::IfThenZeroElse(hn::RebindMask(Floats(), dropped), hn::Mul(x, scale_));
  }

 private:
  RowBits bits_;
  Word threshold_;
  Float scale_;
};

// The same where nothing is dropped.
class NoDropout {
 public:
  HWY_INLINE NoDropout(const DropoutKeys&, int64_t) {}
  HWY_INLINE Float apply(Float x, int64_t) const { return x; }
};

}  // namespace attune::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
