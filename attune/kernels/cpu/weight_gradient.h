// Contract: the factors of a bf16 weight gradient dW = dy^T x, laid out so that oneDNN need not: each of its threads
// would arrange them for itself.
//
//   dy [k, m] -> a [m, k] row major;  x [k, n] -> b [K, n] as packed_weight.h lays out a factor, K = k rounded up to
//   32, the rows beyond k zero.
#pragma once
#include <cstdint>

#include "attune/tensor/dtype.h"

namespace attune::kernels::cpu {

struct GradientFactors {
  int64_t k = 0, m = 0, n = 0;  // m and n multiples of 64, k of 2
  const tensor::BFloat16* dy = nullptr;
  const tensor::BFloat16* x = nullptr;
  tensor::BFloat16* a = nullptr;  // room for m * k
  tensor::BFloat16* b = nullptr;  // room for n * padded_rows(k)
};

// K.
constexpr int64_t padded_rows(int64_t k) {
  constexpr int64_t kRows = 32;
  return (k + kRows - 1) / kRows * kRows;
}

void lay_out_factors(int threads, const GradientFactors& factors);

}  // namespace attune::kernels::cpu
