#include "attune/kernels/cpu/attention_scores.h"

#include <algorithm>

#include "attune/base/error.h"

#if defined(__x86_64__)
#include "attune/kernels/cpu/dot_results.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"  // as in dot_results.h

namespace attune::kernels::cpu {
namespace {

// Sums in registers: 6 x 4 or 8 x 3 vectors of 16, beside what they are made of.
constexpr int kMostVectors = 4;
constexpr int most_rows(int64_t vectors) {
  return vectors == kMostVectors ? 6 : 8;
}

template <int kRows, int kVectors>
ATTUNE_DOT void tile(const DotScores& p, int64_t row, int64_t vector) {
  __m512 sums[kRows][kVectors];
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) sums[i][j] = _mm512_setzero_ps();
  const uint32_t *a = p.a + row * p.a_row, *b = p.b + vector * kLanes;
  for (int64_t pair = 0; pair < p.pairs; ++pair, ++a, b += p.ldb) {
    __m512bh right[kVectors];
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) right[j] = (__m512bh)_mm512_loadu_si512(b + kLanes * j);
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
      const auto left = (__m512bh)_mm512_set1_epi32(static_cast<int>(a[i * p.a_row]));
#pragma GCC unroll 4
      for (int j = 0; j < kVectors; ++j) sums[i][j] = _mm512_dpbf16_ps(sums[i][j], left, right[j]);
    }
  }
  float* const s = p.s + row * p.lds + vector * kLanes;
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) _mm512_storeu_ps(s + i * p.lds + j * kLanes, sums[i][j]);
}

template <int kVectors, int kRows = most_rows(kVectors)>
void tile_of(const DotScores& p, int64_t row, int64_t rows, int64_t vector) {
  if (rows == kRows) return tile<kRows, kVectors>(p, row, vector);
  if constexpr (kRows > 1) tile_of<kVectors, kRows - 1>(p, row, rows, vector);
}

// Tiles of nearly equal height.
template <int kVectors>
void column_of_tiles(const DotScores& p, int64_t vector) {
  const int64_t tiles = (p.rows + most_rows(kVectors) - 1) / most_rows(kVectors);
  for (int64_t t = 0, row = 0; t < tiles; ++t) {
    const int64_t rows = (p.rows - row + tiles - t - 1) / (tiles - t);
    tile_of<kVectors>(p, row, rows, vector);
    row += rows;
  }
}

}  // namespace

void dot_scores(const DotScores& p) {
  const int64_t columns = (p.vectors + kMostVectors - 1) / kMostVectors;
  for (int64_t t = 0, vector = 0; t < columns; ++t) {
    const int64_t vectors = (p.vectors - vector + columns - t - 1) / (columns - t);
    if (vectors == 1) column_of_tiles<1>(p, vector);
    if (vectors == 2) column_of_tiles<2>(p, vector);
    if (vectors == 3) column_of_tiles<3>(p, vector);
    if (vectors == 4) column_of_tiles<4>(p, vector);
    vector += vectors;
  }
}

}  // namespace attune::kernels::cpu
#pragma GCC diagnostic pop

#else

namespace attune::kernels::cpu {

void dot_scores(const DotScores&) {
  fail(ErrorKind::internal, "this processor has no dot products of bf16");
}

}  // namespace attune::kernels::cpu
#endif
