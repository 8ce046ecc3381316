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

// random_bits(key, first + lane) in every lane.
HWY_INLINE Word random_bits(uint64_t key, uint32_t first) {
  const Words words;
  const Word counter = hn::Mul(hn::Iota(words, first), hn::Set(words, 0x9e3779b9U));
  const Word once = lowbias32(hn::Add(counter, hn::Set(words, static_cast<uint32_t>(key))));
  return lowbias32(hn::Add(once, hn::Set(words, static_cast<uint32_t>(key >> 32))));
}

// Dropout of one row: apply(x, column) keeps and scales, or zeroes, the elements from `column` on.
class RowDropout {
 public:
  HWY_INLINE RowDropout(const DropoutKeys& keys, int64_t row)
      : key_(mix_key(keys.site, keys.row_keys[row])), threshold_(keys.threshold()), scale_(keys.scale()) {}

  HWY_INLINE Float apply(Float x, int64_t column) const {
    const Word bits = random_bits(key_, static_cast<uint32_t>(column));
    const auto dropped = hn::Lt(bits, hn::Set(Words(), threshold_));
    return hn::IfThenZeroElse(hn::RebindMask(Floats(), dropped), hn::Mul(x, hn::Set(Floats(), scale_)));
  }

 private:
  uint64_t key_;
  uint32_t threshold_;
  float scale_;
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
