// Contract: rows scaled to length 1.
//
// NormalizeRows:  y[r, :] = x[r, :] * inverse[r],  inverse[r] = 1 / |x[r, :]|, or 0 where |x[r, :]| < kShortestRow: a
//                 row without length becomes a row of zeros, with no gradient.
// Backward:       dx[r, :] = inverse[r] * (dy[r, :] - y[r, :] * sum_c dy[r, c] y[r, c])      (written)
//
// x, y, dy, dx [N, C] f32 (f64), inverse [N] of the same type. Squares of lengths must stay within the type's range.
#pragma once
#include "attune/tensor/tensor.h"

namespace attune::kernels {

using tensor::Tensor;

inline constexpr double kShortestRow = 1e-12;

struct NormalizeRows {
  Tensor x;
  Tensor y;        // out
  Tensor inverse;  // out [N]
};

struct NormalizeRowsBackward {
  Tensor dy;
  Tensor y, inverse;  // as forward left them
  Tensor dx;          // out
};

}  // namespace attune::kernels
