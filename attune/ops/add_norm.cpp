#include "attune/ops/add_norm.h"

#include "attune/ops/dropout.h"

namespace attune::ops {

Tensor add_norm(Context& context, const Tensor& x, const Tensor& residual, const Tensor& gamma, const Tensor& beta,
                const AddNormOptions& options) {
  const DType sums = context.sums();
  kernels::LayerNorm norm{.x = x,
                          .residual = residual,
                          .dropout = draws(context, options.dropout, options.stream, options.row_keys),
                          .gamma = gamma,
                          .beta = beta,
                          .eps = options.eps,
                          .z = {},
                          .y = context.make(x.shape, sums),
                          .twin = {},
                          .mean = context.make({x.rows()}, sums),
                          .rstd = context.make({x.rows()}, sums)};
  const bool sum_differs = residual.defined() || norm.dropout.active() || x.dtype != sums;
  if (sum_differs) norm.z = context.make(x.shape, sums);
  if (context.compute == DType::bf16) {
    norm.twin = context.make(x.shape, DType::bf16);
    norm.y.twin = norm.twin.as<tensor::BFloat16>();
  }
  context.kernels.layer_norm(norm);
  if (!context.records(x, residual, gamma, beta)) return norm.y;

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
