// A row as bytes (tensor/quantized.h), for every Highway target; each gives the same bytes, scale and zero point.
#if defined(ATTUNE_QUANTIZE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ATTUNE_QUANTIZE_INL_H
#undef ATTUNE_QUANTIZE_INL_H
#else
#define ATTUNE_QUANTIZE_INL_H
#endif

#include <algorithm>
#include <cmath>
#include <cstring>

#include "attune/kernels/cpu/lanes-inl.h"
#include "attune/tensor/quantized.h"

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu::HWY_NAMESPACE {

// The least and the greatest value of a row, 0 included; `poison` is 0, or NaN where one of them is not finite.
struct RowRange {
  Float low, high, poison;

  HWY_INLINE void add(Float value) {  // (lanes that do not count are 0)
    low = hn::Min(low, value);
    high = hn::Max(high, value);
    poison = hn::Add(poison, hn::Mul(value, hn::Zero(Floats())));
  }
};

HWY_INLINE void store_bytes(uint8_t* to, Whole, hn::Vec<hn::Rebind<uint8_t, Floats>> bytes) {
  hn::StoreU(bytes, hn::Rebind<uint8_t, Floats>(), to);
}
HWY_INLINE void store_bytes(uint8_t* to, Part part, hn::Vec<hn::Rebind<uint8_t, Floats>> bytes) {
  HWY_ALIGN uint8_t whole[HWY_MAX_BYTES / sizeof(float)];
  store_bytes(whole, Whole{}, bytes);
  std::memcpy(to, whole, part.count);
}

// Row `r` of `rows` from the n values at x, whose range is known.
template <class X>
HWY_INLINE void write_row(const X* x, int64_t n, const RowRange& range, const tensor::QuantizedRows& rows, int64_t r) {
  uint8_t* const to = rows.values + r * rows.stride;
  const float low = hn::GetLane(hn::MinOfLanes(Floats(), range.low));
  const float high = hn::GetLane(hn::MaxOfLanes(Floats(), range.high)), poison = sum_of(range.poison);
  // Halved, so that it stays finite; exact, so that a fused multiply-add changes nothing.
  const float scale = (high * 0.5f - low * 0.5f) * (2.0f / 255);
  const bool nothing = !(poison == 0.0f) || !(scale > 0x1p-108f);
  rows.scale[r] = !(poison == 0.0f) ? poison : nothing ? 0.0f : scale;
  rows.zero[r] = 0;
  if (nothing) return void(std::memset(to, 0, static_cast<size_t>(rows.stride)));
  const float inverse = 1.0f / scale;
  const auto zero = static_cast<int32_t>(std::lrint(-low * inverse));
  rows.zero[r] = zero;
  const hn::RebindToSigned<Floats> whole_numbers;
  const Float inverses = hn::Set(Floats(), inverse);
  const auto zeros = hn::Set(whole_numbers, zero);
  for_lanes(0, n, [&](int64_t c, auto part) HWY_ATTR {
    const auto value = hn::Add(hn::NearestInt(hn::Mul(load(x + c, part), inverses)), zeros);
    store_bytes(to + c, part, hn::DemoteTo(hn::Rebind<uint8_t, Floats>(), value));  // held to [0, 255]
  });
  std::memset(to + n, 0, static_cast<size_t>(rows.stride - n));
}

template <class X>
HWY_INLINE void quantize_row(const X* x, int64_t n, const tensor::QuantizedRows& rows, int64_t r) {
  RowRange range{hn::Zero(Floats()), hn::Zero(Floats()), hn::Zero(Floats())};
  for_lanes(0, n, [&](int64_t c, auto part) HWY_ATTR { range.add(load(x + c, part)); });
  write_row(x, n, range, rows, r);
}

}  // namespace attune::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
