#include "attune/ops/dropout.h"

namespace attune::ops {

kernels::DropoutKeys draws(const Context& context, float p, uint64_t stream, const uint64_t* row_keys) {
  ATTUNE_CHECK(p >= 0 && p < 1, "a dropout rate of {}", p);
  if (!context.training || p == 0) return {};
  ATTUNE_CHECK(row_keys != nullptr, "dropout without row keys");
  return {.p = p, .site = context.random.site(stream), .row_keys = row_keys};
}

Tensor dropout(Context& context, const Tensor& x, const DropoutOptions& options) {
  const kernels::DropoutKeys keys = draws(context, options.p, options.stream, options.row_keys);
  if (!keys.active()) return x;
  Tensor y = context.make(x.shape, x.dtype);
  context.kernels.dropout({.x = x, .y = y, .keys = keys});
  if (context.compute == DType::bf16 && y.dtype == DType::f32) {
    const Tensor twin = context.make(x.shape, DType::bf16);
    context.kernels.convert({.x = y, .y = twin});
    y.twin = twin.as<tensor::BFloat16>();
  }
  if (!context.records(x)) return y;

  y = context.tape->variable(y);
  context.tape->record("dropout", y, [x, keys](Tape& tape, Tensor dy) {
    if (const auto dx = tape.gradient_slot(x); dx.wanted())
      tape.kernels().dropout({.x = dy, .y = dx.tensor, .keys = keys, .accumulate = dx.accumulate});
  });
  return y;
}

}  // namespace attune::ops
