#include "attune/ops/select_rows.h"

namespace attune::ops {

Tensor gather_rows(Context& context, const Tensor& x, const int32_t* index, int64_t count) {
  const kernels::GatherRows gather{.x = x, .index = index, .y = context.make({count, x.cols()}, x.dtype)};
  context.kernels.gather_rows(gather);
  if (!context.records(x)) return gather.y;

  const Tensor y = context.tape->variable(gather.y);
  context.tape->record("gather_rows", y, [x, gather](Tape& tape, Tensor dy) {
    if (!Tape::wants(x)) return;
    tape.kernels().gather_rows_backward({.x = tape.gradient_to_add_to(x), .index = gather.index, .y = dy});
  });
  return y;
}

Tensor mean_rows(Context& context, const Tensor& x, const tensor::PackedView& rows, int64_t count) {
  const kernels::MeanRows mean{
      .x = x, .offsets = rows.offsets, .sequences = rows.sequences, .y = context.make({count, x.cols()}, x.dtype)};
  context.kernels.mean_rows(mean);
  if (!context.records(x)) return mean.y;

  const Tensor y = context.tape->variable(mean.y);
  context.tape->record("mean_rows", y, [x, mean](Tape& tape, Tensor dy) {
    tape.add_gradient(x, [&](const Tensor& dx) {
      kernels::MeanRows backward = mean;
      backward.x = dx;
      backward.y = dy;
      tape.kernels().mean_rows_backward(backward);
    });
  });
  return y;
}

}  // namespace attune::ops
