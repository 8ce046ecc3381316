// The ordered list of labels and their numbers.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "attune/data/example.h"

namespace attune::data {

class Labels {
 public:
  Labels() = default;
  // In the order given: a continued model's own. Errors (input): an empty or repeated label; `where` names the source.
  explicit Labels(std::vector<std::string> ordered, std::string_view where = "labels");

  // One label a line, in the file's order; empty lines are skipped.
  static Labels from_file(const std::string& path);

  // Of the training data: by value if all are integers, else by code point.
  static Labels sorted(std::vector<std::string> values);

  int size() const { return static_cast<int>(names_.size()); }
  // -1 where there is no such label.
  int find(std::string_view label) const;
  const std::string& name(int index) const { return names_[static_cast<size_t>(index)]; }
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
  std::unordered_map<std::string, int> index_;
};

// The labels that occur in `train`, sorted. Errors (input): single label with one class only; no label at all.
Labels labels_of(const Dataset& train, TargetKind target);

// Numbers of all labels of a data set, end to end: row i has ids[offsets[i] .. offsets[i + 1]).
struct LabelIds {
  std::vector<int32_t> ids;
  std::vector<int64_t> offsets;  // [rows + 1]
};

// Errors (input): a label that `labels` lacks: file, line, value, nearest names. `split` ("train", "dev", "test") and
// `source` ("train.csv", "the model") say in words where the label stands and where the known ones come from.
LabelIds number_labels(const Dataset& dataset, const Labels& labels, std::string_view split = "dev",
                       std::string_view source = "the training data");

}  // namespace attune::data
