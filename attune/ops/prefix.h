// Virtual tokens; contracts in kernels/prefix.h.
#pragma once
#include "attune/autograd/context.h"

namespace attune::ops {

using autograd::Context;
using autograd::Tape;
using tensor::Tensor;

// qkv [N, 3C] -> [rows, 3C]: its rows and, where index is negative, those of the table from `column` on. Both are
// differentiable. `index` lives as long as the step.
Tensor insert_prefix(Context& context, const Tensor& qkv, const Tensor& table, int64_t column, const int32_t* index,
                     int64_t rows);

// Some of x's rows replaced, in the memory of x: by the table's and what is added to them. x and the table are
// differentiable; rows that were replaced give x a gradient of what came in their place, which x must not need.
struct PutRowsOptions {
  const int32_t *row, *of;
  int64_t count;
  Tensor more0 = {}, more1 = {};
  const int32_t *at0 = nullptr, *at1 = nullptr;
};
Tensor put_rows(Context& context, const Tensor& x, const Tensor& table, const PutRowsOptions& options);

}  // namespace attune::ops
