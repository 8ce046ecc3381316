#include "attune/ops/linear.h"

#include "attune/ops/quantized_linear.h"

namespace attune::ops {
namespace {

Tensor converted(tensor::Arena& arena, kernels::Kernels& kernels, const Tensor& x, DType to) {
  Tensor y = arena.tensor(x.shape, to);
  kernels.convert({.x = x, .y = y});
  return y;
}

// dx (+)= dy W. Products add only into what is summed in full precision; a bf16 gradient that already holds something
// gets its addend through a buffer.
void add_input_gradient(Tape& tape, const Tensor& dy, const Tensor& weight, const autograd::GradientSlot& dx) {
  const bool through_buffer = dx.accumulate && dx.tensor.dtype == DType::bf16;
  const Tensor target = through_buffer ? tape.scratch().tensor(dx.tensor.shape, DType::f32) : dx.tensor;
  tape.kernels().matmul({.a = dy, .b = weight, .c = target, .accumulate = dx.accumulate && !through_buffer});
  if (through_buffer) tape.kernels().convert({.x = target, .y = dx.tensor, .accumulate = true});
}

}  // namespace

Tensor as_product_input(Context& context, const Tensor& x) {
  if (x.dtype == context.compute || (context.compute == DType::bf16 && x.packed) || x.byte_weight) return x;
  if (context.compute == DType::bf16 && x.twin) return {.data = x.twin, .shape = x.shape, .dtype = DType::bf16};
  return converted(context.arena, context.kernels, x, context.compute);
}

Tensor linear(Context& context, const Tensor& x, const Tensor& weight, const Tensor& bias,
              std::optional<DType> y_type) {
  if (weight.quantized) return quantized_linear(context, x, weight, bias, y_type);
  ATTUNE_CHECK(x.defined() || x.count() == 0, "linear: x is bytes alone, and the weight is none of bytes");
  ATTUNE_CHECK(x.cols() == weight.cols(), "linear: x {} against weight {}", x.shape.text(), weight.shape.text());
  const Tensor xp = as_product_input(context, x), wp = as_product_input(context, weight);
  Tensor y = context.make({x.rows(), weight.rows()}, y_type.value_or(context.compute));
  context.kernels.matmul({.a = xp, .b = wp, .c = y, .bias = bias, .transpose_b = true});
  if (!context.records(x, weight, bias)) return y;

  y = context.tape->variable(y);
  context.tape->record("linear", y, [x, xp, weight, wp, bias](Tape& tape, Tensor dy) {
    const Tensor dyp = dy.dtype == xp.dtype ? dy : converted(tape.scratch(), tape.kernels(), dy, xp.dtype);
    if (const auto dx = tape.gradient_slot(x); dx.wanted()) add_input_gradient(tape, dyp, wp, dx);
    if (const auto dw = tape.gradient_slot(weight); dw.wanted()) {
      tape.kernels().matmul(
          {.a = dyp, .b = xp, .c = dw.tensor, .squares = dw.squares, .transpose_a = true, .accumulate = dw.accumulate});
      dw.has_squares();
    }
    if (const auto db = tape.gradient_slot(bias); db.wanted())
      tape.kernels().column_sum({.x = dy, .out = db.tensor, .accumulate = db.accumulate});
  });
  return y;
}

}  // namespace attune::ops
