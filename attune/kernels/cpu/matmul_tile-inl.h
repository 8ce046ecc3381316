// Contract: small products in registers, C[M, N] (+)= A[M, K] B[K, N], all f32, for every Highway target.
//
// A's element (i, k) is a[i * a_row + k * a_col]; B's and C's rows are ldb and ldc apart and hold N rounded up to whole
// vectors, so N is given in vectors. Each element is one chain of multiply-adds over k in order: how the rows and
// columns are cut into tiles does not show in the bits. Any alignment.
#if defined(ATTUNE_MATMUL_TILE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ATTUNE_MATMUL_TILE_INL_H
#undef ATTUNE_MATMUL_TILE_INL_H
#else
#define ATTUNE_MATMUL_TILE_INL_H
#endif

#include <algorithm>
#include <cstdint>
#include <hwy/highway.h>

#include "attune/kernels/cpu/even_parts.h"

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

struct SmallProduct {
  int64_t rows, vectors, steps;  // M, N in vectors, K
  const float* a;
  int64_t a_row, a_col;
  const float* b;
  int64_t ldb;
  float* c;
  int64_t ldc;
  bool accumulate;
};

// Sixteen registers hold a tile of 6 x 2 vectors with its operands, thirty-two one of 8 x 3 or 6 x 4.
#if HWY_ARCH_X86 && HWY_TARGET > HWY_AVX3
inline constexpr int kTileVectors = 2;
inline constexpr int kTileRows = 6;
constexpr int tile_rows(int64_t) {
  return kTileRows;
}
#else
inline constexpr int kTileVectors = 4;
inline constexpr int kTileRows = 8;
constexpr int tile_rows(int64_t vectors) {
  return vectors == 4 ? 6 : kTileRows;
}
#endif

template <int kRows, int kVectors>
HWY_INLINE void tile(const SmallProduct& p, int64_t row, int64_t vector) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  using V = hn::Vec<decltype(d)>;
  V sum[kRows][kVectors];
  float* const c = p.c + row * p.ldc + vector * lanes;
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) sum[i][j] = p.accumulate ? hn::LoadU(d, c + i * p.ldc + j * lanes) : hn::Zero(d);
  const float* a = p.a + row * p.a_row;
  const float* b = p.b + vector * lanes;
  for (int64_t k = 0; k < p.steps; ++k, a += p.a_col, b += p.ldb) {
    V right[kVectors];
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) right[j] = hn::LoadU(d, b + j * lanes);
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
      const V left = hn::Set(d, a[i * p.a_row]);
#pragma GCC unroll 4
      for (int j = 0; j < kVectors; ++j) sum[i][j] = hn::MulAdd(left, right[j], sum[i][j]);
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) hn::StoreU(sum[i][j], d, c + i * p.ldc + j * lanes);
}

template <int kVectors>
void tile_of(const SmallProduct& p, int64_t row, int64_t rows, int64_t vector) {
  switch (rows) {
    case 1:
      return tile<1, kVectors>(p, row, vector);
    case 2:
      return tile<2, kVectors>(p, row, vector);
    case 3:
      return tile<3, kVectors>(p, row, vector);
    case 4:
      return tile<4, kVectors>(p, row, vector);
    case 5:
      return tile<5, kVectors>(p, row, vector);
    case 6:
      return tile<6, kVectors>(p, row, vector);
    case 7:
      if constexpr (tile_rows(kVectors) >= 7) return tile<7, kVectors>(p, row, vector);
      break;
    case 8:
      if constexpr (tile_rows(kVectors) >= 8) return tile<8, kVectors>(p, row, vector);
      break;
    default:
      break;
  }
}

template <int kVectors>
void column_of_tiles(const SmallProduct& p, int64_t vector) {
  in_even_parts(p.rows, tile_rows(kVectors),
                [&](int64_t row, int64_t rows) HWY_ATTR { tile_of<kVectors>(p, row, rows, vector); });
}

inline void small_product(const SmallProduct& p) {
  in_even_parts(p.vectors, kTileVectors, [&](int64_t vector, int64_t vectors) HWY_ATTR {
    if (vectors == 1) column_of_tiles<1>(p, vector);
    if (vectors == 2) column_of_tiles<2>(p, vector);
    if constexpr (kTileVectors == 4) {
      if (vectors == 3) column_of_tiles<3>(p, vector);
      if (vectors == 4) column_of_tiles<4>(p, vector);
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace attune::kernels::cpu
HWY_AFTER_NAMESPACE();

#endif
