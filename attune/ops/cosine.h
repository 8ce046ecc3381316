// y[i, k] = scale * cosine of x's row i and the weight's row k
//
//   u = x_i / |x_i|,  v = w_k / |w_k|,  y = scale u v^T;   a row without length has the cosine 0 with all
//   dx_i = (du_i - u_i <u_i, du_i>) / |x_i|,  du = scale dy v;   dw likewise, of dv = scale dy^T u
//
// x [N, C], weight [K, C], y [N, K], all f32 (f64): these logits are few, and in bf16 cosines near 1 would fall
// together. Used as a last layer by Cao et al. 2019, arXiv 1906.07413; Wang et al. 2018, arXiv 1801.09414, section 3.
#pragma once
#include "attune/autograd/context.h"

namespace attune::ops {

using autograd::Context;
using autograd::Tape;
using tensor::Tensor;

Tensor cosine(Context& context, const Tensor& x, const Tensor& weight, double scale);

}  // namespace attune::ops
