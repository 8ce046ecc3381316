// What adapters add to a product, in two halves with anything between them; contract in kernels/low_rank.h.
//
//   u = x A^T + a_bias                  x [N, C], A [R, C], u [N, R] f32 (f64)
//   y + scale * (u B^T + b_bias)        by parts of y's columns; in the memory of y, unless that is to be kept
//   x g + shift                         column by column of the parts, the others as they are; in the memory of x where
//                                       nothing is recorded, unless it is to be kept
//
// x is read as products read it (linear.h). All inputs are differentiable, but shift only by what `center` says: where
// y = (x - center) g + center is meant, it is given as shift = center (1 - g) with center.
#pragma once
#include "attune/autograd/context.h"

namespace attune::ops {

using autograd::Context;
using autograd::Tape;
using tensor::Tensor;

Tensor low_rank_down(Context& context, const Tensor& x, const Tensor& a, const Tensor& bias = {});

struct LowRankUpOptions {
  double scale = 1;
  kernels::LowRankParts parts;
  bool keep_input = false;  // the result is in new memory: y's is read by others (one part, of all columns)
};
Tensor low_rank_up(Context& context, const Tensor& y, const Tensor& u, const Tensor& b, const LowRankUpOptions& options,
                   const Tensor& bias = {});

// The whole of y's columns as one part.
kernels::LowRankParts all_columns(int64_t columns);

struct ScaleColumnsOptions {
  kernels::LowRankParts parts;
  Tensor shift = {}, center = {};  // [columns of the parts], constants
  bool keep_input = false;
};
Tensor scale_columns(Context& context, const Tensor& x, const Tensor& g, const ScaleColumnsOptions& options);

}  // namespace attune::ops
