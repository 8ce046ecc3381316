// Contract: the plain element-wise steps. Shapes equal; conversions round to nearest even.
//
// Convert:  y (+)= scale * x, any of f32, bf16, f64 to any of them. x and y may be the same tensor.
// Fill:     y = value (f32, bf16, f64)
//
// SumSquares: out = the f64 sum of x*x over f32 (f64) elements. In f32 over lanes is not enough for 100M elements, so
// each chunk of 4,096 is summed in f64, the chunks in order; bits do not depend on the thread count.
#pragma once
#include "attune/tensor/tensor.h"

namespace attune::kernels {

using tensor::Tensor;

struct Convert {
  Tensor x, y;
  double scale = 1;
  bool accumulate = false;
};

struct Fill {
  Tensor y;
  double value = 0;
};

struct SumSquares {
  Tensor x;
  Tensor out;  // [1] f64
};

}  // namespace attune::kernels
