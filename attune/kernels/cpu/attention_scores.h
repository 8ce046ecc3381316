// Contract: rows of bf16 against rows of bf16 on AVX-512's dot products, read as they lie in memory: the scores of
// attention, and the gradients of what follows them.
//
//   S[i, j] = a_i . b_j     f32; one chain over pairs of neighbours in order, so that no row depends on its company
#pragma once
#include <cstdint>

namespace attune::kernels::cpu {

struct DotScores {
  int64_t rows, vectors, pairs;  // of A; of 16 columns of S; words of two neighbours in a row of A
  const uint32_t* a;             // rows a_row words apart
  int64_t a_row;
  const uint32_t* b;  // word p of b_j at b[p * ldb + j]; whole vectors are read
  int64_t ldb;
  float* s;  // whole vectors are written
  int64_t lds;
};

// Only where dots_bf16().
void dot_scores(const DotScores& scores);

}  // namespace attune::kernels::cpu
