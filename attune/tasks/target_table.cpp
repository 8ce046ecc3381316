#include "attune/tasks/target_table.h"

#include <algorithm>

#include "attune/base/rng.h"

namespace attune::tasks {
namespace {

template <class Number>
Column<float> column_of(const data::Examples& examples, const Number& number) {
  Column<float> column(examples.folder());
  for (size_t row = 0; row < examples.size(); ++row) column.push_back(static_cast<float>(number(examples.view(row))));
  column.seal();
  return column;
}

}  // namespace

TargetTable::TargetTable(const Task& task, const data::Labels& labels, const data::Dataset& dataset,
                         std::string_view label_source)
    : kind_(task.kind), width_(task.kind == TaskKind::multilabel ? labels.size() : 1) {
  const data::Examples& examples = dataset.examples;
  rows_ = static_cast<int64_t>(examples.size());
  shape_ = dataset.shape;
  if (kind_ == TaskKind::embed && shape_ == data::TextShape::labelled) {
    ids_ = Column<int32_t>(examples.folder()), offsets_ = Column<int64_t>(examples.folder());
    for (size_t row = 0; row < examples.size(); ++row) {
      offsets_.push_back(ids_.size());
      ids_.push_back(examples.view(row).label(0));
    }
    offsets_.push_back(ids_.size());
    ids_.seal(), offsets_.seal();
  } else if (kind_ == TaskKind::regress || kind_ == TaskKind::embed) {
    scores_ = column_of(examples, [](const data::ExampleView& row) { return row.score; });
  } else {
    data::LabelIds numbered = data::number_labels(dataset, labels, label_source);
    ids_ = std::move(numbered.ids);
    offsets_ = std::move(numbered.offsets);
    by_number_ = numbered.by_number;
  }
  bool weighted = false;
  for (size_t row = 0; row < examples.size() && !weighted; ++row) weighted = examples.view(row).weight != 1;
  if (weighted) weights_ = column_of(examples, [](const data::ExampleView& row) { return row.weight; });
}

void TargetTable::append(Batch& batch, int32_t row, const data::Encoded& sequence) const {
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
      items = sequence.places.size();
      for (const data::LabelPlace& place : sequence.places) targets.classes.push_back(ids_[offsets_[row] + place.word]);
      break;
    case TaskKind::embed:
      targets.texts.push_back(key_of_values(sequence.ids));
      return;  // the row is the item: end_row
  }
  targets.examples.insert(targets.examples.end(), items, row);
  if (weights_.size() > 0) targets.weights.insert(targets.weights.end(), items, weights_[row]);
}

void TargetTable::end_row(Batch& batch, int32_t row) const {
  losses::Targets& targets = batch.targets;
  if (kind_ == TaskKind::tag) targets.sequences.push_back(static_cast<int32_t>(targets.classes.size()));
  if (kind_ != TaskKind::embed) return;
  targets.sequences.push_back(static_cast<int32_t>(targets.texts.size()));
  if (shape_ == data::TextShape::labelled)
    targets.classes.push_back(ids_[row]);
  else
    targets.values.push_back(scores_[row]);
  targets.examples.push_back(row);
  if (weights_.size() > 0) targets.weights.push_back(weights_[row]);
}

std::vector<int64_t> TargetTable::counts(int outputs) const {
  std::vector<int64_t> counts(static_cast<size_t>(outputs), 0);
  for (const int32_t id : ids_.values()) ++counts[id];
  return counts;
}

}  // namespace attune::tasks
