#include "attune/kernels/cpu/attention_scores.h"

#if defined(__x86_64__)
#include "attune/kernels/cpu/dot_sums.h"
#include "attune/kernels/cpu/even_parts.h"

namespace attune::kernels::cpu {
namespace {

// Sums in registers: 6 x 4 or 8 x 3 vectors of 16, beside what they are made of.
constexpr int kMostVectors = 4;
constexpr int most_rows(int64_t vectors) {
  return vectors == kMostVectors ? 6 : 8;
}

template <int kRows, int kVectors>
ATTUNE_DOT void tile(const DotScores& p, int64_t row, int64_t vector) {
  Sums<kRows, kVectors> sums;
  add_up({p.a + row * p.a_row, p.a_row, 1, p.b + vector * kLanes, p.ldb, p.pairs}, sums);
  float* const s = p.s + row * p.lds + vector * kLanes;
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) _mm512_storeu_ps(s + i * p.lds + j * kLanes, sums.of[i][j]);
}

template <int kVectors, int kRows = most_rows(kVectors)>
void tile_of(const DotScores& p, int64_t row, int64_t rows, int64_t vector) {
  if (rows == kRows) return tile<kRows, kVectors>(p, row, vector);
  if constexpr (kRows > 1) tile_of<kVectors, kRows - 1>(p, row, rows, vector);
}

template <int kVectors>
void column_of_tiles(const DotScores& p, int64_t vector) {
  in_even_parts(p.rows, most_rows(kVectors),
                [&](int64_t row, int64_t rows) { tile_of<kVectors>(p, row, rows, vector); });
}

}  // namespace

void dot_scores(const DotScores& p) {
  in_even_parts(p.vectors, kMostVectors, [&](int64_t vector, int64_t vectors) {
    if (vectors == 1) column_of_tiles<1>(p, vector);
    if (vectors == 2) column_of_tiles<2>(p, vector);
    if (vectors == 3) column_of_tiles<3>(p, vector);
    if (vectors == 4) column_of_tiles<4>(p, vector);
  });
}

}  // namespace attune::kernels::cpu
#endif
