#include "attune/ops/add_norm.h"

#include "attune/ops/dropout.h"
#include "attune/ops/quantized_linear.h"

namespace attune::ops {

Tensor make_normed(Context& context, tensor::Shape shape, bool bytes, tensor::Arena* y_in, tensor::Arena* twin_in) {
  Tensor y = (y_in ? *y_in : context.arena).tensor(shape, context.sums());
  if (bytes)
    y.bytes_twin = make_bytes(context, shape);
  else if (context.compute == DType::bf16)
    y.twin = (twin_in ? *twin_in : context.arena).tensor(shape, DType::bf16).as<tensor::BFloat16>();
  return y;
}

Tensor add_norm(Context& context, const Tensor& x, const Tensor& residual, const Tensor& gamma, const Tensor& beta,
                const AddNormOptions& options) {
  const DType sums = context.sums();
  const bool recorded = context.records(x, residual, gamma, beta);
  ATTUNE_CHECK(!recorded || (!options.into.defined() && !options.bytes),
               "a recorded norm makes its own y, of no bytes");
  kernels::LayerNorm norm{.x = x,
                          .residual = residual,
                          .dropout = draws(context, options.dropout, options.stream, options.row_keys),
                          .gamma = gamma,
                          .beta = beta,
                          .eps = options.eps,
                          .z = {},
                          .y = options.into.defined()
                                   ? options.into
                                   : make_normed(context, x.shape, options.bytes, options.y_in, options.twin_in),
                          .twin = {},
                          .mean = context.make({x.rows()}, sums),
                          .rstd = context.make({x.rows()}, sums)};
  if (norm.y.twin) norm.twin = {.data = norm.y.twin, .shape = x.shape, .dtype = DType::bf16};
  if (norm.y.bytes_twin) norm.bytes = tensor::QuantizedRows::in_block(norm.y.bytes_twin, x.rows(), x.cols());
  const bool sum_differs = residual.defined() || norm.dropout.active() || x.dtype != sums;
  if (recorded && sum_differs) norm.z = context.make(x.shape, sums);
  context.kernels.layer_norm(norm);
  if (!recorded) return norm.y;

  const Tensor y = context.tape->variable(norm.y);
  context.tape->record("add_norm", y, [x, residual, gamma, beta, norm](Tape& tape, Tensor dy) {
    // x feeds only this op in every model so far; where it feeds two, its gradient arrives through a buffer. The
    // residual's slot is taken first: it may be x itself.
    const auto d_residual = tape.gradient_slot(residual);
    const auto dx = tape.gradient_slot(x);
    const Tensor dx_out = dx.accumulate ? tape.scratch().tensor(x.shape, x.dtype) : dx.tensor;
    tape.kernels().layer_norm_backward({.dy = dy,
                                        .z = norm.z.defined() ? norm.z : norm.x,
                                        .mean = norm.mean,
                                        .rstd = norm.rstd,
                                        .gamma = gamma,
                                        .dropout = norm.dropout,
                                        .dx = dx_out,
                                        .d_residual = d_residual.tensor,
                                        .accumulate_residual = d_residual.accumulate,
                                        .d_gamma = tape.gradient_to_add_to(gamma),
                                        .d_beta = tape.gradient_to_add_to(beta)});
    if (dx.accumulate) tape.kernels().convert({.x = dx_out, .y = dx.tensor, .accumulate = true});
  });
  return y;
}

}  // namespace attune::ops
