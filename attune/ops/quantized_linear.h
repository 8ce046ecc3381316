// y = x W^T + b with a weight of bytes; contract in kernels/quantized.h. Inference alone: nothing is recorded.
//
// x [N, in] is read as bytes by row: those that its maker left (Tensor::bytes_twin), else made here.
#pragma once
#include <optional>

#include "attune/autograd/context.h"

namespace attune::ops {

using autograd::Context;
using tensor::DType;
using tensor::Tensor;

// y [N, out] of `y_type`, the run's compute type by default.
Tensor quantized_linear(Context& context, const Tensor& x, const Tensor& weight, const Tensor& bias,
                        std::optional<DType> y_type = std::nullopt);

// GELU(y) as bytes alone: a tensor with a bytes_twin and no data.
Tensor quantized_gelu(Context& context, const Tensor& x, const Tensor& weight, const Tensor& bias);

// Memory for the bytes of a matrix.
uint8_t* make_bytes(Context& context, tensor::Shape shape);

}  // namespace attune::ops
