// Targets of a batch as tensors of as many rows as the logits have. Rows beyond the items (padding) are ignored,
// unknown or 0, and have weight 0.
#pragma once
#include "attune/losses/loss.h"

namespace attune::losses {

// [rows] class indices, kIgnored beyond the items. Lives in the arena.
const int32_t* class_targets(Context& context, const Targets& targets, int64_t rows);
// [rows, width] in the run's summing type, `beyond` for padding rows.
Tensor value_targets(Context& context, const Targets& targets, int64_t rows, double beyond);
// [rows] item weights; 0 for padding.
Tensor item_weights(Context& context, const Targets& targets, int64_t rows);
// A vector of the run's summing type from host numbers; undefined if there are none.
Tensor vector_of(Context& context, const std::vector<double>& values);
// A tensor of the run's summing type that holds `values`, then zeros.
Tensor tensor_of(Context& context, tensor::Shape shape, std::span<const double> values);

// sum_i u_i factor(i) over the items; a bool says which of them count.
template <class Factor>
double weighed_items(const Targets& targets, const Factor& factor) {
  double sum = 0;
  for (int64_t i = 0; i < targets.items(); ++i) sum += targets.weight(i) * static_cast<double>(factor(i));
  return sum;
}

// What a loss by rows returns: items [rows] with the weights of the targets' items, and the sum of those.
LossTerm row_term(Context& context, const Targets& targets, const Tensor& items, double denominator);

// sum_i weights_i items_i over the first `count` rows, in order, in f64. Waits for the device.
double weighted_sum(Context& context, const Tensor& items, const Tensor& weights, int64_t count);

}  // namespace attune::losses
