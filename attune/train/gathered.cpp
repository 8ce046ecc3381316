#include "attune/train/gathered.h"

#include "attune/losses/shared/host_items.h"
#include "attune/losses/targets.h"

namespace attune::train {
namespace {

template <class T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

// `rows`: what stood there before, in rows of the last layer's outputs.
void append_targets(losses::Targets& to, const losses::Targets& from, int64_t rows) {
  append(to.classes, from.classes), append(to.values, from.values), append(to.weights, from.weights);
  append(to.examples, from.examples), append(to.texts, from.texts);
  append(to.teacher, from.teacher), append(to.teacher_hidden, from.teacher_hidden);
  to.width = from.width;
  if (to.sequences.empty()) to.sequences.push_back(0);
  for (size_t s = 1; s < from.sequences.size(); ++s)
    to.sequences.push_back(static_cast<int32_t>(rows) + from.sequences[s]);
}

// Rows [first, last) of host numbers, as a tensor of the shape of `like`.
tensor::Tensor rows_like(autograd::Context& context, const tensor::Tensor& like, const std::vector<double>& values,
                         int64_t first, int64_t last) {
  const int64_t width = like.cols();
  return losses::tensor_of(
      context, like.shape,
      std::span(values).subspan(static_cast<size_t>(first * width), static_cast<size_t>((last - first) * width)));
}

}  // namespace

void Gathered::clear() {
  targets_ = {};
  outputs_ = {}, features_ = {};
  parts_.assign(1, 0);
}

void Gathered::add(autograd::Context& context, const models::ModelOutput& output, const tasks::Batch& batch) {
  append_targets(targets_, batch.targets, parts_.back());
  const auto keep = [&](Columns& columns, const tensor::Tensor& rows) {
    columns.width = rows.cols();
    append(columns.values, losses::rows_on_host(context, rows, batch.read_count));
  };
  same_ = output.logits.data == output.features.data;
  keep(outputs_, output.logits);
  if (!same_) keep(features_, output.features);
  parts_.push_back(parts_.back() + batch.read_count);
}

losses::LossInput Gathered::input(autograd::Context& context, double progress) {
  const int64_t rows = tensor::rounded_rows(parts_.back());
  const auto put = [&](const Columns& columns) {
    const tensor::Tensor all = losses::tensor_of(context, {rows, columns.width}, columns.values);
    return context.tape ? context.tape->variable(all) : all;
  };
  const tensor::Tensor outputs = put(outputs_);
  return {.logits = outputs,
          .hidden = {},
          .features = same_ ? outputs : put(features_),
          .targets = targets_,
          .progress = progress};
}

void Gathered::keep_gradients(autograd::Context& context, const losses::LossInput& input) {
  const auto keep = [&](Columns& columns, const tensor::Tensor& variable) {
    const tensor::Tensor gradient = context.tape->gradient(variable);
    columns.gradients =
        gradient.defined() ? losses::rows_on_host(context, gradient, parts_.back()) : std::vector<double>{};
  };
  keep(outputs_, input.logits);
  if (!same_) keep(features_, input.features);
}

void Gathered::seed(autograd::Context& context, const models::ModelOutput& output, size_t part) const {
  const auto seed = [&](const Columns& columns, const tensor::Tensor& variable) {
    if (columns.gradients.empty() || !context.records(variable)) return;
    context.tape->seed(variable, rows_like(context, variable, columns.gradients, parts_[part], parts_[part + 1]));
  };
  seed(outputs_, output.logits);
  if (!same_) seed(features_, output.features);
}

losses::Targets merged_targets(std::span<const tasks::Batch> micro_batches) {
  losses::Targets merged;
  int64_t rows = 0;
  for (const tasks::Batch& batch : micro_batches) {
    append_targets(merged, batch.targets, rows);
    rows += batch.read_count;
  }
  return merged;
}

}  // namespace attune::train
