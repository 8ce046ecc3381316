#include "attune/ops/quantized_linear.h"

#include "attune/tensor/quantized.h"

namespace attune::ops {
namespace {

using tensor::QuantizedRows;

QuantizedRows bytes_of(Context& context, const Tensor& x) {
  if (x.bytes_twin) return QuantizedRows::in_block(x.bytes_twin, x.rows(), x.cols());
  const QuantizedRows rows = QuantizedRows::in_block(make_bytes(context, x.shape), x.rows(), x.cols());
  context.kernels.quantize_rows({.x = x, .rows = rows});
  return rows;
}

kernels::QuantizedMatmul product(Context& context, const Tensor& x, const Tensor& weight, const Tensor& bias) {
  ATTUNE_CHECK(x.cols() == weight.cols(), "linear: x {} against weight {}", x.shape.text(), weight.shape.text());
  ATTUNE_CHECK(!context.records(x, bias), "an int8 product has no gradient");
  return {.a = bytes_of(context, x),
          .m = x.rows(),
          .k = x.cols(),
          .n = weight.rows(),
          .b = *weight.quantized,
          .bias = bias};
}

}  // namespace

uint8_t* make_bytes(Context& context, tensor::Shape shape) {
  return static_cast<uint8_t*>(context.arena.allocate(QuantizedRows::bytes_of(shape.rows(), shape.cols())));
}

Tensor quantized_linear(Context& context, const Tensor& x, const Tensor& weight, const Tensor& bias,
                        std::optional<DType> y_type) {
  kernels::QuantizedMatmul p = product(context, x, weight, bias);
  p.c = context.make({p.m, p.n}, y_type.value_or(context.compute));
  context.kernels.quantized_matmul(p);
  return p.c;
}

Tensor quantized_gelu(Context& context, const Tensor& x, const Tensor& weight, const Tensor& bias) {
  kernels::QuantizedMatmul p = product(context, x, weight, bias);
  Tensor y{.shape = {p.m, p.n}};
  y.bytes_twin = make_bytes(context, y.shape);
  p.gelu = true;
  p.rows = QuantizedRows::in_block(y.bytes_twin, p.m, p.n);
  context.kernels.quantized_matmul(p);
  return y;
}

}  // namespace attune::ops
