// Sums over the rows of a product's weight, in whichever form it is held. On the host.
#pragma once
#include <vector>

#include "attune/tensor/tensor.h"

namespace attune::kernels {

// |W[o]|^2 for each row of W [out, in], summed in f64: of its f32 or f64 values, or where there are none of what its
// packed bf16 (PackedWeight::forward) or its bytes (ByteWeight, QuantizedWeight) stand for.
std::vector<double> row_squares(const tensor::Tensor& weight);

}  // namespace attune::kernels
