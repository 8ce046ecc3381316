// Contract: products of bf16 on AVX-512's dot products (VDPBF16PS: two neighbours of k at once), the sums in f32.
//
//   product:          C[m, n] (+)= A[m, k] B[k, n] + bias[n]     B as packed_weight.h lays out a factor
//   weight gradient:  C[m, n] (+)= dy[k, m]^T x[k, n],  and the sum of its squares
//
// Each element is one chain over pairs of k in order, to which the bias or what was there is added at the end: neither
// the rows in company nor the threads show in the bits. Tasks are tiles of C, taken by whoever is free: a core that is
// held up holds up nobody else.
#pragma once
#include <cstdint>

#include "attune/kernels/cpu/byte_weight.h"
#include "attune/kernels/cpu/workspace.h"
#include "attune/tensor/dtype.h"

namespace attune::kernels::cpu {

// Whether the processor has these instructions and ATTUNE_MAX_ISA leaves them to us.
bool dots_bf16();

struct DotProduct {
  int64_t m = 0, k = 0, n = 0;  // k even, n a multiple of 64
  const tensor::BFloat16* a = nullptr;
  int64_t lda = 0;
  const tensor::BFloat16* b = nullptr;  // packed; or none, and
  ByteFactor bytes = {};                // what it is made of, with
  tensor::BFloat16* room = nullptr;     // k * 64 elements for each thread (right_blocks.h)
  const float* bias = nullptr;          // [n] or none
  void* c = nullptr;                    // [m, n], f32 or bf16
  tensor::DType result = tensor::DType::f32;
  bool accumulate = false;  // f32 alone
};
void dot_product(int threads, const DotProduct& product);

struct DotGradient {
  int64_t k = 0, m = 0, n = 0;           // k even, m and n multiples of 64
  const tensor::BFloat16* dy = nullptr;  // [k, m]
  const tensor::BFloat16* x = nullptr;   // [k, n]
  float* c = nullptr;                    // [m, n]
  double* squares = nullptr;             // of C as it is afterwards, or not wanted
  bool accumulate = false;
};
void dot_gradient(Workspace& workspace, int threads, const DotGradient& gradient);

}  // namespace attune::kernels::cpu
