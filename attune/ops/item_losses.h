// Losses by item: [n, K] logits to [n] values, no mean; contracts in kernels/loss.h. Only logits are differentiable;
// weights of items are the gradients that arrive at the values.
#pragma once
#include "attune/autograd/context.h"

namespace attune::ops {

using autograd::Context;
using autograd::Tape;
using tensor::Tensor;

struct CrossEntropyOptions {
  Tensor class_weights = {};  // [K] or undefined
  double smoothing = 0;
  int32_t ignored = -100;
};

// logits [n, K] f32 (f64); targets [n].
Tensor softmax_cross_entropy(Context& context, const Tensor& logits, const int32_t* targets,
                             const CrossEntropyOptions& options);

// targets [n, K] in [0, 1], negative: unknown; positive_weights [K] or undefined.
Tensor sigmoid_cross_entropy(Context& context, const Tensor& logits, const Tensor& targets,
                             const Tensor& positive_weights);

// targets [n, K].
Tensor squared_error(Context& context, const Tensor& logits, const Tensor& targets);

}  // namespace attune::ops
