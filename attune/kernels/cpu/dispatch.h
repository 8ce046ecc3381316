// From a tensor's element type at run time to a C++ type the CPU's kernels work on.
#pragma once
#include "attune/tensor/tensor.h"

namespace attune::kernels::cpu {

using tensor::BFloat16;
using tensor::DType;
using tensor::Tensor;

// Calls body(T{}) with T = float or BFloat16.
template <class Body>
void with_element(DType dtype, const Body& body) {
  if (dtype == DType::f32) return body(float{});
  if (dtype == DType::bf16) return body(BFloat16{});
  fail(ErrorKind::internal, "the CPU's kernels work on f32 and bf16, got {}", tensor::name(dtype));
}

// Null where the tensor is undefined.
template <class T>
T* optional(const Tensor& tensor) {
  return tensor.defined() ? tensor.as<T>() : nullptr;
}

}  // namespace attune::kernels::cpu
