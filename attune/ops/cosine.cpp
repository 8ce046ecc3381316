#include "attune/ops/cosine.h"

namespace attune::ops {
namespace {

// Rows of length 1, and one over what their lengths were.
struct Unit {
  Tensor rows, inverse;
};

Unit unit_of(Context& context, const Tensor& x) {
  const Unit unit{context.make(x.shape, x.dtype), context.make({x.rows()}, x.dtype)};
  context.kernels.normalize_rows({.x = x, .y = unit.rows, .inverse = unit.inverse});
  return unit;
}

// Adds to x's gradient what that of its unit rows, made by `product`, comes to.
template <class Product>
void add_gradient(Tape& tape, const Tensor& x, const Unit& unit, double scale, const Product& product) {
  tape.add_gradient(x, [&](const Tensor& dx) {
    const Tensor d_unit = tape.scratch().tensor(x.shape, x.dtype);
    product(d_unit);
    tape.kernels().convert({.x = d_unit, .y = d_unit, .scale = scale});
    tape.kernels().normalize_rows_backward({.dy = d_unit, .y = unit.rows, .inverse = unit.inverse, .dx = dx});
  });
}

}  // namespace

Tensor cosine(Context& context, const Tensor& x, const Tensor& weight, double scale) {
  ATTUNE_CHECK(x.cols() == weight.cols() && x.dtype == weight.dtype, "cosine: x {} {} against weight {} {}",
               tensor::name(x.dtype), x.shape.text(), tensor::name(weight.dtype), weight.shape.text());
  const Unit u = unit_of(context, x), v = unit_of(context, weight);
  Tensor y = context.make({x.rows(), weight.rows()}, x.dtype);
  context.kernels.matmul({.a = u.rows, .b = v.rows, .c = y, .transpose_b = true});
  context.kernels.convert({.x = y, .y = y, .scale = scale});
  if (!context.records(x, weight)) return y;

  y = context.tape->variable(y);
  context.tape->record("cosine", y, [x, weight, u, v, scale](Tape& tape, Tensor dy) {
    add_gradient(tape, x, u, scale, [&](const Tensor& du) { tape.kernels().matmul({.a = dy, .b = v.rows, .c = du}); });
    add_gradient(tape, weight, v, scale, [&](const Tensor& dv) {
      tape.kernels().matmul({.a = dy, .b = u.rows, .c = dv, .transpose_a = true});
    });
  });
  return y;
}

}  // namespace attune::ops
