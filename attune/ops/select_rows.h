// The rows a head reads: chosen ones, or the mean of each sequence; contracts in kernels/embedding.h. x is
// differentiable.
#pragma once
#include "attune/autograd/context.h"
#include "attune/tensor/packed_rows.h"

namespace attune::ops {

using autograd::Context;
using autograd::Tape;
using tensor::Tensor;

// y[i, :] = x[index[i], :], a zero row where index[i] < 0. No row twice. `index` must live as long as the step.
Tensor gather_rows(Context& context, const Tensor& x, const int32_t* index, int64_t count);

// y[b, :] = mean of sequence b's rows; `count` >= B rows, zeros beyond B.
Tensor mean_rows(Context& context, const Tensor& x, const tensor::PackedView& rows, int64_t count);

}  // namespace attune::ops
