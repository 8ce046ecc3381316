#include "attune/tasks/target_table.h"

#include <algorithm>

namespace attune::tasks {

TargetTable::TargetTable(const Task& task, const data::Labels& labels, const data::Dataset& dataset,
                         std::string_view label_source)
    : kind_(task.kind), width_(task.kind == TaskKind::multilabel ? labels.size() : 1) {
  if (kind_ == TaskKind::regress) {
    for (const auto& example : dataset.examples) scores_.push_back(static_cast<float>(example.score));
    offsets_.assign(dataset.examples.size() + 1, 0);
  } else {
    data::LabelIds numbered = data::number_labels(dataset, labels, label_source);
    ids_ = std::move(numbered.ids);
    offsets_ = std::move(numbered.offsets);
    by_number_ = numbered.by_number;
  }
  const bool weighted =
      std::any_of(dataset.examples.begin(), dataset.examples.end(), [](const auto& e) { return e.weight != 1; });
  if (weighted)
    for (const auto& example : dataset.examples) weights_.push_back(static_cast<float>(example.weight));
}

void TargetTable::append(Batch& batch, int32_t row, std::span<const data::LabelPlace> places) const {
  losses::Targets& targets = batch.targets;
  targets.width = width_;
  size_t items = 1;
  switch (kind_) {
    case TaskKind::classify:
      targets.classes.push_back(ids_[offsets_[row]]);
      break;
    case TaskKind::regress:
      targets.values.push_back(scores_[row]);
      break;
    case TaskKind::multilabel: {
      const size_t first = targets.values.size();
      targets.values.resize(first + static_cast<size_t>(width_), 0.0f);
      for (const int32_t label : labels(row)) targets.values[first + label] = 1.0f;
      break;
    }
    case TaskKind::tag:
      items = places.size();
      for (const data::LabelPlace& place : places) targets.classes.push_back(ids_[offsets_[row] + place.word]);
      break;
  }
  targets.examples.insert(targets.examples.end(), items, row);
  if (!weights_.empty()) targets.weights.insert(targets.weights.end(), items, weights_[row]);
}

void TargetTable::end_row(Batch& batch) const {
  if (kind_ == TaskKind::tag) batch.targets.sequences.push_back(static_cast<int32_t>(batch.targets.classes.size()));
}

std::vector<int64_t> TargetTable::counts(int outputs) const {
  std::vector<int64_t> counts(static_cast<size_t>(outputs), 0);
  for (const int32_t id : ids_) ++counts[id];
  return counts;
}

}  // namespace attune::tasks
