#include "attune/ops/item_losses.h"

namespace attune::ops {
namespace {

// All three share the shape of their backward: the kernel scales row i by the gradient that arrived at value i.
template <class Kernel, class Backward>
Tensor item_loss(Context& context, const char* op, const Tensor& logits, Kernel forward, Backward kernel_backward) {
  if (!context.records(logits)) return forward.items;
  const Tensor items = context.tape->variable(forward.items);
  context.tape->record(op, items, [logits, forward, kernel_backward](Tape& tape, Tensor d_items) {
    tape.add_gradient(logits, [&](const Tensor& d_logits) {
      Kernel backward = forward;
      backward.item_weights = d_items;
      backward.d_logits = d_logits;
      (tape.kernels().*kernel_backward)(backward);
    });
  });
  return items;
}

}  // namespace

Tensor softmax_cross_entropy(Context& context, const Tensor& logits, const int32_t* targets,
                             const CrossEntropyOptions& options) {
  kernels::SoftmaxCrossEntropy forward{};
  forward.logits = logits;
  forward.items = context.make({logits.rows()}, logits.dtype);
  forward.targets = targets;
  forward.ignored = options.ignored;
  forward.class_weights = options.class_weights;
  forward.smoothing = options.smoothing;
  context.kernels.softmax_cross_entropy(forward);
  return item_loss(context, "softmax_cross_entropy", logits, forward,
                   &kernels::Kernels::softmax_cross_entropy_backward);
}

Tensor sigmoid_cross_entropy(Context& context, const Tensor& logits, const Tensor& targets,
                             const Tensor& positive_weights) {
  kernels::SigmoidCrossEntropy forward{};
  forward.logits = logits;
  forward.items = context.make({logits.rows()}, logits.dtype);
  forward.targets = targets;
  forward.positive_weights = positive_weights;
  context.kernels.sigmoid_cross_entropy(forward);
  return item_loss(context, "sigmoid_cross_entropy", logits, forward,
                   &kernels::Kernels::sigmoid_cross_entropy_backward);
}

Tensor squared_error(Context& context, const Tensor& logits, const Tensor& targets) {
  kernels::SquaredError forward{};
  forward.logits = logits;
  forward.items = context.make({logits.rows()}, logits.dtype);
  forward.targets = targets;
  context.kernels.squared_error(forward);
  return item_loss(context, "squared_error", logits, forward, &kernels::Kernels::squared_error_backward);
}

}  // namespace attune::ops
