#include "attune/ops/low_rank.h"

#include "attune/ops/linear.h"

namespace attune::ops {

kernels::LowRankParts all_columns(int64_t columns) {
  return {.count = 1, .begin = {0}, .end = {columns}};
}

Tensor low_rank_down(Context& context, const Tensor& x, const Tensor& a, const Tensor& bias) {
  ATTUNE_CHECK(x.defined(), "low rank: x is bytes alone");
  const Tensor xp = as_product_input(context, x);
  Tensor u = context.make({x.rows(), a.rows()}, context.sums());
  context.kernels.low_rank_down({.x = xp, .a = a, .bias = bias, .u = u});
  if (!context.records(x, a, bias)) return u;

  u = context.tape->variable(u);
  context.tape->record("low_rank_down", u, [x, xp, a, bias](Tape& tape, Tensor du) {
    const Tensor dx = tape.gradient_to_add_to(x);
    const auto da = tape.gradient_slot(a), d_bias = tape.gradient_slot(bias);
    tape.kernels().low_rank_down_backward({.x = xp,
                                           .du = du,
                                           .a = a,
                                           .dx = dx,
                                           .da = da.tensor,
                                           .d_bias = d_bias.tensor,
                                           .add_to_da = da.accumulate,
                                           .add_to_bias = d_bias.accumulate});
  });
  return u;
}

Tensor low_rank_up(Context& context, const Tensor& before, const Tensor& u, const Tensor& b,
                   const LowRankUpOptions& options, const Tensor& bias) {
  Tensor y = options.keep_input ? context.make(before.shape, before.dtype) : before;
  y.twin = nullptr, y.var = -1;
  context.kernels.low_rank_up({.u = u,
                               .b = b,
                               .bias = bias,
                               .scale = options.scale,
                               .parts = options.parts,
                               .before = options.keep_input ? before : Tensor{},
                               .y = y});
  if (!context.records(before, u, b, bias)) return y;

  y = context.tape->variable(y);
  context.tape->record("low_rank_up", y, [before, u, b, bias, options](Tape& tape, Tensor dy) {
    const auto du = tape.gradient_slot(u), db = tape.gradient_slot(b), d_bias = tape.gradient_slot(bias);
    ATTUNE_CHECK(!du.accumulate, "what lies between the halves of an adapter is read once");
    tape.kernels().low_rank_up_backward({.u = u,
                                         .b = b,
                                         .dy = dy,
                                         .scale = options.scale,
                                         .parts = options.parts,
                                         .du = du.tensor,
                                         .db = db.tensor,
                                         .d_bias = d_bias.tensor,
                                         .add_to_db = db.accumulate,
                                         .add_to_bias = d_bias.accumulate});
    tape.pass_on(before);
  });
  return y;
}

Tensor scale_columns(Context& context, const Tensor& x, const Tensor& g, const ScaleColumnsOptions& options) {
  const bool records = context.records(x, g);
  Tensor y = records || options.keep_input ? context.make(x.shape, x.dtype) : x;
  y.twin = nullptr, y.bytes_twin = nullptr, y.var = -1;
  context.kernels.scale_columns({.x = x, .g = g, .shift = options.shift, .parts = options.parts, .y = y});
  if (!records) return y;

  y = context.tape->variable(y);
  context.tape->record("scale_columns", y,
                       [x, g, center = options.center, parts = options.parts](Tape& tape, Tensor dy) {
                         const auto dg = tape.gradient_slot(g);
                         const auto back = [&](const Tensor& dx) {
                           tape.kernels().scale_columns_backward({.x = x,
                                                                  .dy = dy,
                                                                  .g = g,
                                                                  .center = center,
                                                                  .parts = parts,
                                                                  .dx = dx,
                                                                  .dg = dg.tensor,
                                                                  .add_to_dg = dg.accumulate});
                         };
                         if (!Tape::wants(x)) return back({});
                         tape.add_gradient(x, back);
                       });
  return y;
}

}  // namespace attune::ops
