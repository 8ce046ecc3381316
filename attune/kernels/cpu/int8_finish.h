// From sums of bytes to a product's elements, 16 at a time, on AVX-512: what VNNI's tiles and AMX's share. Included
// only where `__x86_64__` is defined; called only where vnni_path().
#pragma once
#include <cstdint>

#include "attune/kernels/cpu/dot_sums.h"
#include "attune/kernels/cpu/int8_tile.h"

// (bf16's rounding is used only where dots_bf16().)
#define ATTUNE_VNNI_INSTRUCTIONS ATTUNE_DOT_INSTRUCTIONS ",avx512vnni"
#define ATTUNE_VNNI __attribute__((target(ATTUNE_VNNI_INSTRUCTIONS)))

namespace attune::kernels::cpu {

// sum - zero * s, s the columns' sums of weights, without VPMULLD's two steps: as a dot product of 16-bit pairs,
// s = 128 h + l times (-128 zero, -zero). That h fits for kShiftDepth.
inline constexpr int64_t kShiftDepth = 32768;

ATTUNE_VNNI ATTUNE_INLINE __m512i pairs_of(__m512i s) {
  return _mm512_or_si512(_mm512_slli_epi32(_mm512_srai_epi32(s, 7), 16), _mm512_and_si512(s, _mm512_set1_epi32(127)));
}
inline int32_t pair_of_zero(int32_t zero) {
  return static_cast<int32_t>(static_cast<uint32_t>(-128 * zero) << 16 | (static_cast<uint32_t>(-zero) & 0xffffu));
}

ATTUNE_VNNI ATTUNE_INLINE __m512 rough_gelu(__m512 x) {
  const __m512 end = _mm512_set1_ps(kRoughGeluEnd), begin = _mm512_set1_ps(-kRoughGeluEnd);
  const __m512 held = _mm512_min_ps(_mm512_max_ps(x, begin), end), square = _mm512_mul_ps(held, held);
  __m512 poly = _mm512_set1_ps(kRoughGelu[0]);
#pragma GCC unroll 8
  for (int i = 1; i < 7; ++i) poly = _mm512_fmadd_ps(poly, square, _mm512_set1_ps(kRoughGelu[i]));
  const __m512 phi = _mm512_fmadd_ps(held, poly, _mm512_set1_ps(0.5f));
  return _mm512_mul_ps(x, _mm512_min_ps(_mm512_max_ps(phi, _mm512_setzero_ps()), _mm512_set1_ps(1)));
}

// What becomes of a part's sums. `raw`: they are finished elsewhere (finish_int8_part).
enum class Finish { raw, f32, f32_gelu, bf16 };

inline Finish finish_of(const Int8Part& part) {
  using tensor::DType;
  const DType type = part.wide ? DType::f32 : part.product.c.dtype;
  if (part.product.k > kShiftDepth) return Finish::raw;
  if (type == DType::f32) return part.product.gelu ? Finish::f32_gelu : Finish::f32;
  return type == DType::bf16 && dots_bf16() ? Finish::bf16 : Finish::raw;
}

// Columns [col, col + 16): those that the product has, and what every row needs of them.
struct Int8Columns {
  int64_t col;
  __mmask16 mask;
  __m512i sums;  // of weights, in pairs
  __m512 scale, bias;
};

ATTUNE_VNNI ATTUNE_INLINE Int8Columns columns_at(const QuantizedMatmul& p, int64_t col) {
  const int64_t left = p.n - col;
  const auto mask = static_cast<__mmask16>(left >= kLanes ? 0xffff : left > 0 ? (1 << left) - 1 : 0);
  return {col, mask, pairs_of(_mm512_loadu_si512(p.b.sums + col)), _mm512_loadu_ps(p.b.scale + col),
          p.bias.defined() ? _mm512_maskz_loadu_ps(mask, static_cast<const float*>(p.bias.data) + col)
                           : _mm512_setzero_ps()};
}

// Row i of the part.
template <Finish kFinish>
ATTUNE_VNNI ATTUNE_INLINE void finish_sums(const Int8Part& t, const Int8Columns& columns, int64_t i, __m512i sums) {
  const QuantizedMatmul& p = t.product;
  const int64_t row = t.row + i;
  const __m512i zero = _mm512_set1_epi32(pair_of_zero(p.a.zero[row]));
  const __m512 sum = _mm512_cvtepi32_ps(_mm512_dpwssd_epi32(sums, zero, columns.sums));
  __m512 y = _mm512_fmadd_ps(sum, _mm512_mul_ps(_mm512_set1_ps(p.a.scale[row]), columns.scale), columns.bias);
  if constexpr (kFinish == Finish::f32_gelu) y = rough_gelu(y);
  if constexpr (kFinish == Finish::bf16) {
    auto* const to = static_cast<tensor::BFloat16*>(p.c.data) + row * p.n + columns.col;
    _mm256_mask_storeu_epi16(to, columns.mask, (__m256i)_mm512_cvtneps_pbh(y));
  } else {
    float* const to = t.wide ? t.wide + i * t.wide_stride : static_cast<float*>(p.c.data) + row * p.n;
    _mm512_mask_storeu_ps(to + columns.col, columns.mask, y);
  }
}

}  // namespace attune::kernels::cpu
