// Contract: layer normalisation of a residual sum, the step that closes each half of a BERT layer.
//
//   z[r, :] = residual[r, :] + dropout(x)[r, :]            (residual may be undefined: z = dropout(x))
//   y[r, c] = (z[r, c] - mean_r) * rstd_r * gamma[c] + beta[c]
//   mean_r = mean over c of z, rstd_r = 1 / sqrt(variance_r + eps), variance with 1/C (biased), two passes
//
// x [N, C] f32, bf16 or f64; residual, z, y, gamma, beta f32 (f64); rstd, mean [N] f32 (f64).
// twin: where defined, y rounded to bf16 as well. bytes: where defined, y as QuantizeRows makes bytes of it
// (quantized.h), for int8 inference. z: the sum, which backward reads; undefined where no
// backward follows, or where x is the sum (no residual, no dropout). Ba, Kiros, Hinton 2016, arXiv 1607.06450.
//
// Backward (error without z), with h = (z - mean) * rstd, g = dy * gamma:
//   dz = rstd * (g - mean_c(g) - h * mean_c(g * h));  d_residual (+)= dz;  dx = dropout mask of dz, in x's dtype
//   d_gamma (+)= sum_r dy * h;  d_beta (+)= sum_r dy: in chunks of 64 rows, the chunks in order.
#pragma once
#include "attune/kernels/dropout.h"
#include "attune/tensor/quantized.h"

namespace attune::kernels {

struct LayerNorm {
  Tensor x;         // [N, C]
  Tensor residual;  // [N, C] or undefined
  DropoutKeys dropout;
  Tensor gamma, beta;  // [C]
  double eps = 1e-12;
  Tensor z;                          // out [N, C] or undefined
  Tensor y;                          // out [N, C]
  Tensor twin;                       // out [N, C] bf16, or undefined
  Tensor mean, rstd;                 // out [N]
  tensor::QuantizedRows bytes = {};  // out [N, C], or undefined
};

struct LayerNormBackward {
  Tensor dy;  // [N, C]
  Tensor z, mean, rstd, gamma;
  DropoutKeys dropout;
  Tensor dx;          // out [N, C], or undefined where not needed
  Tensor d_residual;  // out [N, C], or undefined
  bool accumulate_residual = false;
  Tensor d_gamma, d_beta;  // out [C] or undefined (frozen); always added to
};

}  // namespace attune::kernels
