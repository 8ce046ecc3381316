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
  // Labels of texts to be embedded are not the model's: they have the data set's own numbers.
  TargetTable(const Task& task, const data::Labels& labels, const data::Dataset& dataset,
              std::string_view label_source);

  // Adds the targets of one sequence of the row to a batch, after Batch::add. For tagging: of the words that it answers
  // for; the target of characters that share a piece is the first one's. For embedding: the text's number.
  void append(Batch& batch, int32_t row, const data::Encoded& sequence) const;
  // After a row's last sequence: what was appended since the row before is one sentence (tagging) or one row's texts
  // (embedding).
  void end_row(Batch& batch, int32_t row) const;

  int64_t rows() const { return rows_; }
  // classify: the label. multilabel: the labels. tag: one a word. Labelled texts: the label.
  std::span<const int32_t> labels(int64_t row) const {
    return ids_.values().subspan(static_cast<size_t>(offsets_[row]),
                                 static_cast<size_t>(offsets_[row + 1] - offsets_[row]));
  }
  // True where labels of the data are numbers of the model's outputs, whose names are made up.
  bool by_number() const { return by_number_; }
  float score(int64_t row) const { return scores_[row]; }
  // What the rows of an embedding task are.
  data::TextShape shape() const { return shape_; }
  // How often each label occurs.
  std::vector<int64_t> counts(int outputs) const;

 private:
  TaskKind kind_;
  int64_t width_;
  bool by_number_ = false;
  data::TextShape shape_ = data::TextShape::none;
  int64_t rows_ = 0;
  Column<int32_t> ids_;
  Column<int64_t> offsets_;
  Column<float> scores_;
  Column<float> weights_;  // empty: all 1
};

}  // namespace attune::tasks
