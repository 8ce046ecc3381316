#include "attune/losses/targets.h"

#include <algorithm>

namespace attune::losses {
namespace {

// Calls `fill(pointer)` with the tensor's elements as float or double.
template <class Fill>
void with_elements(const Tensor& t, Fill fill) {
  if (t.dtype == tensor::DType::f64)
    fill(t.as<double>());
  else
    fill(t.as<float>());
}

template <class From>
void copy_padded(const Tensor& to, const std::vector<From>& from, double beyond) {
  with_elements(to, [&](auto* out) {
    using T = std::remove_pointer_t<decltype(out)>;
    const auto known = std::min<int64_t>(to.count(), static_cast<int64_t>(from.size()));
    for (int64_t i = 0; i < known; ++i) out[i] = static_cast<T>(from[i]);
    std::fill(out + known, out + to.count(), static_cast<T>(beyond));
  });
}

}  // namespace

const int32_t* class_targets(Context& context, const Targets& targets, int64_t rows) {
  ATTUNE_CHECK(static_cast<int64_t>(targets.classes.size()) <= rows, "{} targets for {} rows of logits",
               targets.classes.size(), rows);
  auto* padded = context.make({rows}, tensor::DType::i32).as<int32_t>();
  std::copy(targets.classes.begin(), targets.classes.end(), padded);
  std::fill(padded + targets.classes.size(), padded + rows, kIgnored);
  return padded;
}

Tensor value_targets(Context& context, const Targets& targets, int64_t rows, double beyond) {
  ATTUNE_CHECK(static_cast<int64_t>(targets.values.size()) <= rows * targets.width,
               "{} target values for {} rows of {}", targets.values.size(), rows, targets.width);
  const Tensor padded = context.make({rows, targets.width}, context.sums());
  copy_padded(padded, targets.values, beyond);
  return padded;
}

Tensor item_weights(Context& context, const Targets& targets, int64_t rows) {
  const Tensor padded = context.make({rows}, context.sums());
  if (!targets.weights.empty()) {
    copy_padded(padded, targets.weights, 0);
    return padded;
  }
  with_elements(padded, [&](auto* weight) {
    std::fill(weight, weight + targets.items(), 1);
    std::fill(weight + targets.items(), weight + rows, 0);
  });
  return padded;
}

Tensor vector_of(Context& context, const std::vector<double>& values) {
  if (values.empty()) return {};
  const Tensor made = context.make({static_cast<int64_t>(values.size())}, context.sums());
  copy_padded(made, values, 0);
  return made;
}

double weighted_sum(const Tensor& items, const Tensor& weights, int64_t count) {
  double sum = 0;
  with_elements(items, [&](auto* item) {
    with_elements(weights, [&](auto* weight) {
      for (int64_t i = 0; i < count; ++i)
        if (weight[i] != 0) sum += static_cast<double>(weight[i]) * static_cast<double>(item[i]);
    });
  });
  return sum;
}

}  // namespace attune::losses
