// What matmul_dot and matmul_tiles share: AVX-512's intrinsics, and how a vector of sums becomes 16 elements of a
// result. Included only where `__x86_64__` is defined; its functions are called only where dots_bf16().
#pragma once
#include "attune/kernels/cpu/matmul_dot.h"

#pragma GCC diagnostic push
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#pragma GCC diagnostic ignored "-Wuninitialized"  // GCC 12 about its own intrinsics' undefined lanes (bug 105593)
#include <immintrin.h>

#define ATTUNE_DOT_INSTRUCTIONS "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16"
#define ATTUNE_DOT __attribute__((target(ATTUNE_DOT_INSTRUCTIONS)))
#define ATTUNE_INLINE inline __attribute__((always_inline))

namespace attune::kernels::cpu {

inline constexpr int64_t kLanes = 16;

inline const uint32_t* words(const tensor::BFloat16* x) {
  return reinterpret_cast<const uint32_t*>(x);
}

template <int kRows, int kVectors>
struct Sums {
  __m512 of[kRows][kVectors];
};

// What a tile of rows and 16-column vectors is the sum of. A pair of neighbours in k is one word: that of row i and
// pair p stands at a[i * a_row + p * a_pair]; those of the columns at b[p * b_pair].
struct DotFactors {
  const uint32_t* a;
  int64_t a_row, a_pair;
  const uint32_t* b;
  int64_t b_pair;
  int64_t pairs;
};

template <int kRows, int kVectors>
ATTUNE_DOT ATTUNE_INLINE void add_up(const DotFactors& f, Sums<kRows, kVectors>& sums) {
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) sums.of[i][j] = _mm512_setzero_ps();
  const uint32_t *a = f.a, *b = f.b;
  for (int64_t p = 0; p < f.pairs; ++p, a += f.a_pair, b += f.b_pair) {
    __m512bh right[kVectors];
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) right[j] = (__m512bh)_mm512_loadu_si512(b + kLanes * j);
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
      const auto left = (__m512bh)_mm512_set1_epi32(static_cast<int>(a[i * f.a_row]));
#pragma GCC unroll 4
      for (int j = 0; j < kVectors; ++j) sums.of[i][j] = _mm512_dpbf16_ps(sums.of[i][j], left, right[j]);
    }
  }
}

// Columns [col, col + 16) of row `row` of the product; `bias` is theirs, or zeros where there is none.
ATTUNE_DOT ATTUNE_INLINE void store_product(const DotProduct& p, int64_t row, int64_t col, __m512 sum, __m512 bias) {
  const int64_t place = row * p.n + col;
  if (p.bias != nullptr) sum = _mm512_add_ps(sum, bias);
  if (p.result == tensor::DType::bf16)
    return _mm256_storeu_si256(reinterpret_cast<__m256i*>(static_cast<tensor::BFloat16*>(p.c) + place),
                               (__m256i)_mm512_cvtneps_pbh(sum));
  float* const to = static_cast<float*>(p.c) + place;
  if (p.accumulate) sum = _mm512_add_ps(_mm512_loadu_ps(to), sum);
  _mm512_storeu_ps(to, sum);
}

ATTUNE_DOT ATTUNE_INLINE __m512 load_bias(const DotProduct& p, int64_t col) {
  return p.bias != nullptr ? _mm512_loadu_ps(p.bias + col) : _mm512_setzero_ps();
}

// 16 elements of a weight gradient at `to`; returns `squares` with theirs added.
ATTUNE_DOT ATTUNE_INLINE __m512 store_gradient(const DotGradient& g, float* to, __m512 sum, __m512 squares) {
  if (g.accumulate) sum = _mm512_add_ps(_mm512_loadu_ps(to), sum);
  if (!g.accumulate && reinterpret_cast<uintptr_t>(to) % 64 == 0)
    _mm512_stream_ps(to, sum);  // past the caches: nobody reads it before the optimizer
  else
    _mm512_storeu_ps(to, sum);
  return _mm512_fmadd_ps(sum, sum, squares);
}

}  // namespace attune::kernels::cpu
#pragma GCC diagnostic pop
