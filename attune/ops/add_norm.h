// y = LayerNorm(residual + dropout(x)): closes each half of a post-norm Transformer layer; contract in
// kernels/layer_norm.h.
//
// x [N, C] f32 or the run's compute type; residual [N, C] f32 or undefined; gamma, beta [C]; y [N, C] f32, with a bf16
// twin in a bf16 run. All inputs differentiable.
#pragma once
#include "attune/autograd/context.h"

namespace attune::ops {

using autograd::Context;
using autograd::Tape;
using tensor::DType;
using tensor::Tensor;

struct AddNormOptions {
  double eps = 1e-12;
  float dropout = 0;                   // applied to x while training
  uint64_t stream = 0;                 // names this place in random draws
  const uint64_t* row_keys = nullptr;  // [N], needed with dropout
  bool bytes = false;                  // inference: y has bytes by row (quantized.h) in place of a bf16 twin
  Tensor into = {};                    // inference: y, with its twin, is written here; undefined: to new memory
  tensor::Arena* y_in = nullptr;       // a recording: y is made there; nullptr: in the context's arena
  tensor::Arena* twin_in = nullptr;    // its twin likewise
};

// Memory for a y [N, C]: f32, with bytes where asked for, else in a bf16 run with a twin.
Tensor make_normed(Context& context, tensor::Shape shape, bool bytes = false, tensor::Arena* y_in = nullptr,
                   tensor::Arena* twin_in = nullptr);

Tensor add_norm(Context& context, const Tensor& x, const Tensor& residual, const Tensor& gamma, const Tensor& beta,
                const AddNormOptions& options);

}  // namespace attune::ops
