// Dropout while training, the identity otherwise; contract in kernels/dropout.h.
#pragma once
#include "attune/autograd/context.h"

namespace attune::ops {

using autograd::Context;
using autograd::Tape;
using tensor::DType;
using tensor::Tensor;

struct DropoutOptions {
  float p = 0;
  uint64_t stream = 0;
  const uint64_t* row_keys = nullptr;  // [N]
};

// x [N, C] -> [N, C], same dtype (with a fresh bf16 twin in a bf16 run if x has f32).
Tensor dropout(Context& context, const Tensor& x, const DropoutOptions& options);

// The keys of one place's draws; inactive outside training.
kernels::DropoutKeys draws(const Context& context, float p, uint64_t stream, const uint64_t* row_keys);

}  // namespace attune::ops
