// From a tensor's element type at run time to a C++ type.
#pragma once
#include "attune/kernels/dropout.h"
#include "attune/tensor/tensor.h"

namespace attune::kernels::reference {

using tensor::BFloat16;
using tensor::DType;

// Calls body(T{}) with T = double or float.
template <class Body>
decltype(auto) with_float(DType dtype, const Body& body) {
  if (dtype == DType::f64) return body(double{});
  if (dtype == DType::f32) return body(float{});
  fail(ErrorKind::internal, "the reference kernels compute in f64 or f32, got {}", tensor::name(dtype));
}

// The same, BFloat16 included: for kernels that move or convert values.
template <class Body>
decltype(auto) with_any_float(DType dtype, const Body& body) {
  if (dtype == DType::bf16) return body(BFloat16{});
  return with_float(dtype, body);
}

// Null where the tensor is undefined.
template <class T>
T* optional(const Tensor& tensor) {
  return tensor.defined() ? tensor.as<T>() : nullptr;
}

// What dropout multiplies element (row, column) by: 0 or 1 / (1 - p).
inline double dropout_factor(const DropoutKeys& keys, int64_t row, int64_t column) {
  if (!keys.active()) return 1;
  const uint64_t key = mix_key(keys.site, keys.row_keys[row]);
  return random_bits(key, static_cast<uint32_t>(column)) >= keys.threshold() ? static_cast<double>(keys.scale()) : 0.0;
}

}  // namespace attune::kernels::reference
