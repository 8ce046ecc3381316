// Multi-head self-attention over the sequences of a packed batch; contract in kernels/attention.h.
//
// qkv [N, 3C] -> [N, C], same dtype; with `kept` only those rows ask: -> [n rounded up, C]. qkv is differentiable.
#pragma once
#include "attune/autograd/context.h"
#include "attune/tensor/packed_rows.h"

namespace attune::ops {

using autograd::Context;
using autograd::Tape;
using tensor::DType;
using tensor::Tensor;

struct AttentionOptions {
  int64_t heads = 1;
  float dropout = 0;  // of the probabilities, while training
  uint64_t stream = 0;
  const tensor::KeptView* kept = nullptr;
};

Tensor attention(Context& context, const Tensor& qkv, const tensor::PackedView& rows, const AttentionOptions& options);

}  // namespace attune::ops
