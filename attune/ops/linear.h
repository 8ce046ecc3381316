// y = x W^T + b
//
// x [N, in], W [out, in], b [out] or undefined, y [N, out]. In a bf16 run x and W are read as bf16 (x itself, or its
// twin) and y is `y_type` (bf16 by default, f32 for logits). Gradients: dx = dy W (added, in x's dtype), dW = dy^T x
// (f32, in blocks of rows), db = column sums of dy. A frozen weight that is held as bytes (tensor::ByteWeight) stands
// for W' in all of this; one of an int8 model: ops/quantized_linear.h.
#pragma once
#include <optional>

#include "attune/autograd/context.h"

namespace attune::ops {

using autograd::Context;
using autograd::Tape;
using tensor::DType;
using tensor::Tensor;

Tensor linear(Context& context, const Tensor& x, const Tensor& weight, const Tensor& bias,
              std::optional<DType> y_type = std::nullopt);

// x as products read it in this run: itself, its twin, or a converted copy in the arena.
Tensor as_product_input(Context& context, const Tensor& x);

}  // namespace attune::ops
