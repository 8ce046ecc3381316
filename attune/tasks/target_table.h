// The numbered targets of a data set: what the loss and the metrics need of it, by row. In scratch files where the
// data set lies in some.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "attune/data/labels.h"
#include "attune/tasks/batch.h"
#include "attune/tasks/task.h"

namespace attune::tasks {

class TargetTable {
 public:
  // Errors (input): a label that `labels` lacks, with file, line and value; `label_source` in words: "the model".
  TargetTable(const Task& task, const data::Labels& labels, const data::Dataset& dataset,
              std::string_view label_source);

  // Adds the targets of one sequence to a batch, after Batch::add. `places`: for tagging, which words of the row it
  // answers for; the target of characters that share a piece is the first one's.
  void append(Batch& batch, int32_t row, std::span<const data::LabelPlace> places) const;
  // After a row's last sequence: what was appended since the row before is one sentence (tagging).
  void end_row(Batch& batch) const;

  int64_t rows() const { return rows_; }
  // classify: the label. multilabel: the labels. tag: one a word.
  std::span<const int32_t> labels(int64_t row) const {
    return ids_.values().subspan(static_cast<size_t>(offsets_[row]),
                                 static_cast<size_t>(offsets_[row + 1] - offsets_[row]));
  }
  // True where labels of the data are numbers of the model's outputs, whose names are made up.
  bool by_number() const { return by_number_; }
  float score(int64_t row) const { return scores_[row]; }
  // How often each label occurs.
  std::vector<int64_t> counts(int outputs) const;

 private:
  TaskKind kind_;
  int64_t width_;
  bool by_number_ = false;
  int64_t rows_ = 0;
  Column<int32_t> ids_;
  Column<int64_t> offsets_;
  Column<float> scores_;
  Column<float> weights_;  // empty: all 1
};

}  // namespace attune::tasks
