// What a model's products are made in.
#pragma once
#include "attune/tensor/dtype.h"

namespace attune::nn {

// `compute`: the type of products and of what lies between them. `int8`: the weights that say so
// (ParameterOptions::int8) are held as bytes alone and their products are made of bytes (kernels/quantized.h);
// everything else is as `compute` has it. For inference on the CPU: there are no f32 values of such weights to train or
// to save.
struct Precision {
  tensor::DType compute = tensor::DType::f32;
  bool int8 = false;

  Precision() = default;
  Precision(tensor::DType type) : compute(type) {}  // not explicit: a type alone says it all
  Precision(tensor::DType type, bool bytes) : compute(type), int8(bytes) {}
  const char* name() const { return int8 ? "int8" : tensor::name(compute); }
};

}  // namespace attune::nn
