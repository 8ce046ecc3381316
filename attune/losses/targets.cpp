#include "attune/losses/targets.h"

#include <algorithm>

namespace attune::losses {
namespace {

// A tensor of the run's summing type, made on the host by body(span of float or double).
template <class Body>
Tensor made_on_host(Context& context, tensor::Shape shape, const Body& body) {
  const Tensor made = context.make(shape, context.sums());
  if (made.dtype == tensor::DType::f64)
    tensor::write_from_host<double>(context.arena.memory(), made, body);
  else
    tensor::write_from_host<float>(context.arena.memory(), made, body);
  return made;
}

template <class From>
Tensor padded(Context& context, tensor::Shape shape, std::span<const From> from, double beyond) {
  return made_on_host(context, shape, [&](auto out) {
    using T = typename decltype(out)::value_type;
    ATTUNE_CHECK(from.size() <= out.size(), "{} values for a tensor of {}", from.size(), out.size());
    const auto end = std::transform(from.begin(), from.end(), out.begin(), [](From x) { return static_cast<T>(x); });
    std::fill(end, out.end(), static_cast<T>(beyond));
  });
}

template <class T>
double weighted_sum_of(tensor::Memory& memory, const Tensor& items, const Tensor& weights, int64_t count) {
  const tensor::OnHost<T> item(memory, items, count), weight(memory, weights, count);
  double sum = 0;
  for (size_t i = 0; i < static_cast<size_t>(count); ++i)
    if (weight.values()[i] != 0) sum += static_cast<double>(weight.values()[i]) * static_cast<double>(item.values()[i]);
  return sum;
}

}  // namespace

const int32_t* class_targets(Context& context, const Targets& targets, int64_t rows) {
  ATTUNE_CHECK(static_cast<int64_t>(targets.classes.size()) <= rows, "{} targets for {} rows of logits",
               targets.classes.size(), rows);
  const Tensor made = context.make({rows}, tensor::DType::i32);
  tensor::write_from_host<int32_t>(context.arena.memory(), made, [&](std::span<int32_t> classes) {
    const auto end = std::copy(targets.classes.begin(), targets.classes.end(), classes.begin());
    std::fill(end, classes.end(), kIgnored);
  });
  return made.as<int32_t>();
}

Tensor value_targets(Context& context, const Targets& targets, int64_t rows, double beyond) {
  ATTUNE_CHECK(static_cast<int64_t>(targets.values.size()) <= rows * targets.width,
               "{} target values for {} rows of {}", targets.values.size(), rows, targets.width);
  return padded(context, {rows, targets.width}, std::span(targets.values), beyond);
}

Tensor item_weights(Context& context, const Targets& targets, int64_t rows) {
  if (!targets.weights.empty()) return padded(context, {rows}, std::span(targets.weights), 0);
  return made_on_host(context, {rows}, [&](auto weights) {
    const auto end = std::fill_n(weights.begin(), targets.items(), 1);
    std::fill(end, weights.end(), 0);
  });
}

Tensor vector_of(Context& context, const std::vector<double>& values) {
  if (values.empty()) return {};
  return tensor_of(context, {static_cast<int64_t>(values.size())}, values);
}

Tensor tensor_of(Context& context, tensor::Shape shape, std::span<const double> values) {
  return padded(context, shape, values, 0);
}

LossTerm row_term(Context& context, const Targets& targets, const Tensor& items, double denominator) {
  LossTerm term{.items = items, .weights = item_weights(context, targets, items.count()), .denominator = denominator};
  term.sum = weighted_sum(context, term.items, term.weights, targets.items());
  return term;
}

double weighted_sum(Context& context, const Tensor& items, const Tensor& weights, int64_t count) {
  tensor::Memory& memory = context.arena.memory();
  return items.dtype == tensor::DType::f64 ? weighted_sum_of<double>(memory, items, weights, count)
                                           : weighted_sum_of<float>(memory, items, weights, count);
}

}  // namespace attune::losses
