// Contract: the floats that a weight held as bytes stands for (tensor::ByteWeight: W'[o, i] = scale[o] q[o, i]), as
// products on the CPU read them.
//
//   unpack_block   64 columns of a product's right factor in bf16, for our own products of bf16: right before it is
//                  read, by the thread that reads it
//   unpack_rows    all of W', row by row, for every other product
#pragma once
#include "attune/kernels/packed_weight.h"
#include "attune/tensor/quantized.h"

namespace attune::kernels::cpu {

// A right factor B [k, n] made of a weight: W'^T (k = in, n = out; y = x W'^T), or W' itself (k = out, n = in;
// dx = dy W'). k and n are multiples of 64.
struct ByteFactor {
  const tensor::ByteWeight* weight = nullptr;
  bool transposed = false;
  int64_t k = 0, n = 0;
};

// Columns [64 block, 64 block + 64) in bf16 as packed_weight.h lays out a factor: k * 64 elements from `to` on, which
// begins on a cache line. Only where dots_bf16().
void unpack_block(const ByteFactor& factor, int64_t block, tensor::BFloat16* to);

// to [out, in], f32 or bf16.
void unpack_rows(int threads, const tensor::ByteWeight& weight, const tensor::Tensor& to);

}  // namespace attune::kernels::cpu
