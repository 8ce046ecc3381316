// Contract: rows of f32 or bf16 to f32 and back, the exponential, and dropout's draws, for every Highway target.
#if defined(ATTUNE_ATTENTION_ROWS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ATTUNE_ATTENTION_ROWS_INL_H
#undef ATTUNE_ATTENTION_ROWS_INL_H
#else
#define ATTUNE_ATTENTION_ROWS_INL_H
#endif

#include <cstdint>
#include <cstring>
#include <hwy/highway.h>

#include "attune/base/rng.h"
#include "attune/tensor/dtype.h"

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using tensor::BFloat16;
using Floats = hn::ScalableTag<float>;
using Words = hn::Rebind<uint32_t, Floats>;
using Halves = hn::Rebind<uint16_t, Floats>;
using FloatV = hn::Vec<Floats>;

inline int64_t lanes() { return static_cast<int64_t>(hn::Lanes(Floats())); }
inline int64_t whole_vectors(int64_t count) { return (count + lanes() - 1) / lanes(); }

// to[i] = scale * from[i]; reads no element beyond count, writes zeros up to whole vectors.
inline void load_row(const float* from, int64_t count, float scale, float* to) {
  const Floats d;
  const FloatV factor = hn::Set(d, scale);
  int64_t i = 0;
  for (; i + lanes() <= count; i += lanes()) hn::StoreU(hn::Mul(hn::LoadU(d, from + i), factor), d, to + i);
  if (i == count) return;
  hn::StoreU(hn::Zero(d), d, to + i);
  for (; i < count; ++i) to[i] = from[i] * scale;
}

inline void load_row(const BFloat16* from, int64_t count, float scale, float* to) {
  const Floats d;
  const Words words;
  const Halves halves;
  const FloatV factor = hn::Set(d, scale);
  int64_t i = 0;
  for (; i + lanes() <= count; i += lanes()) {
    const auto bits = hn::LoadU(halves, &from[i].bits);
    hn::StoreU(hn::Mul(hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(words, bits))), factor), d, to + i);
  }
  if (i == count) return;
  hn::StoreU(hn::Zero(d), d, to + i);
  for (; i < count; ++i) to[i] = static_cast<float>(from[i]) * scale;
}

// to[i] = scale * from[i], rounded where `to` is bf16.
inline void store_row(const float* from, int64_t count, float scale, float* to) {
  const Floats d;
  const FloatV factor = hn::Set(d, scale);
  int64_t i = 0;
  for (; i + lanes() <= count; i += lanes()) hn::StoreU(hn::Mul(hn::LoadU(d, from + i), factor), d, to + i);
  for (; i < count; ++i) to[i] = from[i] * scale;
}

inline void store_row(const float* from, int64_t count, float scale, BFloat16* to) {
  const Floats d;
  const Words words;
  const FloatV factor = hn::Set(d, scale);
  int64_t i = 0;
  for (; i + lanes() <= count; i += lanes()) {
    const FloatV value = hn::Mul(hn::LoadU(d, from + i), factor);
    const auto bits = hn::BitCast(words, value);
    const auto half = hn::ShiftRight<16>(bits);
    const auto odd = hn::And(half, hn::Set(words, 1));
    const auto rounded = hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(words, 0x7fff))));
    const auto quiet_nan = hn::Or(half, hn::Set(words, 0x40));
    const auto nan = hn::RebindMask(words, hn::IsNaN(value));
    // 0 .. 0xffff: the saturating narrowing keeps every bit.
    const auto narrow = hn::DemoteTo(Halves(), hn::BitCast(hn::Rebind<int32_t, Floats>(), hn::IfThenElse(nan, quiet_nan, rounded)));
    hn::StoreU(narrow, Halves(), &to[i].bits);
  }
  for (; i < count; ++i) to[i] = BFloat16(from[i] * scale);
}

// to[c][r] = from[r][c], four by four; rows up to a multiple of four are read as zeros beyond `rows`, so `to` needs
// room for that many columns. `cols` may be anything; from's rows hold cols rounded up to four.
inline void transpose(const float* from, int64_t rows, int64_t cols, int64_t ld_from, float* to, int64_t ld_to) {
#if HWY_TARGET != HWY_SCALAR
  const hn::FixedTag<float, 4> d;
  const hn::Repartition<double, decltype(d)> pairs;
  const auto zero = hn::Zero(d);
  for (int64_t r = 0; r < rows; r += 4) {
    const auto row = [&](int64_t i, int64_t c) HWY_ATTR {
      return r + i < rows ? hn::LoadU(d, from + (r + i) * ld_from + c) : zero;
    };
    for (int64_t c = 0; c < cols; c += 4) {
      const auto v0 = row(0, c), v1 = row(1, c), v2 = row(2, c), v3 = row(3, c);
      const auto a = hn::BitCast(pairs, hn::InterleaveLower(d, v0, v1)), b = hn::BitCast(pairs, hn::InterleaveLower(d, v2, v3));
      const auto e = hn::BitCast(pairs, hn::InterleaveUpper(d, v0, v1)), f = hn::BitCast(pairs, hn::InterleaveUpper(d, v2, v3));
      const auto store = [&](int64_t i, auto value) HWY_ATTR {
        if (c + i < cols) hn::StoreU(hn::BitCast(d, value), d, to + (c + i) * ld_to + r);
      };
      store(0, hn::InterleaveLower(pairs, a, b));
      store(1, hn::InterleaveUpper(pairs, a, b));
      store(2, hn::InterleaveLower(pairs, e, f));
      store(3, hn::InterleaveUpper(pairs, e, f));
    }
  }
#else
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < cols; ++c) to[c * ld_to + r] = from[r * ld_from + c];
#endif
}

// e^x for x <= 88; 0 below -87, where the result would not be normal; NaN stays NaN. Relative error below 2e-7: x is cut
// into n ln 2 + r with |r| <= ln 2 / 2, and e^r = 1 + r + r^2 P(r), P fitted to 4e-9.
HWY_INLINE FloatV exponential(FloatV x) {
  const Floats d;
  // Added to a small number it leaves n + 127, the exponent of 2^n, in the lowest bits.
  const FloatV magic = hn::Set(d, 0x1.8p23f + 127.0f);
  const FloatV shifted = hn::MulAdd(x, hn::Set(d, 1.44269504f), magic);
  const FloatV n = hn::Sub(shifted, magic);
  const FloatV power = hn::BitCast(d, hn::ShiftLeft<23>(hn::BitCast(Words(), shifted)));
  FloatV r = hn::NegMulAdd(n, hn::Set(d, 0x1.63p-1f), x);
  r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4f), r);
  FloatV p = hn::MulAdd(hn::Set(d, 0.0013814539f), r, hn::Set(d, 0.0083687454f));
  p = hn::MulAdd(p, r, hn::Set(d, 0.041668389f));
  p = hn::MulAdd(p, r, hn::Set(d, 0.16666521f));
  p = hn::MulAdd(p, r, hn::Set(d, 0.49999994f));
  p = hn::MulAdd(p, hn::Mul(r, r), hn::Add(r, hn::Set(d, 1.0f)));
  return hn::IfThenElse(hn::Lt(x, hn::Set(d, -87.0f)), hn::Zero(d), hn::Mul(p, power));
}

// random_bits(key, counter) of base/rng.h, lane by lane.
template <class V>
HWY_INLINE V mix_lanes(V x) {
  const Words words;
  x = hn::Xor(x, hn::ShiftRight<16>(x));
  x = hn::Mul(x, hn::Set(words, 0x7feb352dU));
  x = hn::Xor(x, hn::ShiftRight<15>(x));
  x = hn::Mul(x, hn::Set(words, 0x846ca68bU));
  return hn::Xor(x, hn::ShiftRight<16>(x));
}

// What dropout leaves of columns [col, col + lanes) of a row: `kept` or 0.
HWY_INLINE FloatV dropout_factors(uint64_t key, int64_t col, uint32_t threshold, FloatV kept) {
  const Words words;
  const auto counter = hn::Iota(words, static_cast<uint32_t>(col));
  const auto first = mix_lanes(hn::Add(hn::Mul(counter, hn::Set(words, 0x9e3779b9U)), hn::Set(words, static_cast<uint32_t>(key))));
  const auto bits = mix_lanes(hn::Add(first, hn::Set(words, static_cast<uint32_t>(key >> 32))));
  const auto keep = hn::Eq(hn::Max(bits, hn::Set(words, threshold)), bits);
  return hn::IfThenElseZero(hn::RebindMask(Floats(), keep), kept);
}

}  // namespace HWY_NAMESPACE
}  // namespace attune::kernels::cpu
HWY_AFTER_NAMESPACE();

#endif
