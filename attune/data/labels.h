// The ordered list of labels and their numbers.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "attune/base/column.h"
#include "attune/data/dataset.h"

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

  // LABEL_0, LABEL_1, ...: what Hugging Face calls outputs that have no name.
  static Labels made_up(int count);
  // True for exactly those names: they say nothing but the output's number.
  bool is_made_up() const { return made_up_; }

  // Three numbers or more, in rising order.
  bool are_grades() const;

  int size() const { return static_cast<int>(names_.size()); }
  // -1 where there is no such label.
  int find(std::string_view label) const;
  // The output that a label of the data means where the names are made up: "2" is LABEL_2. -1 for other labels and
  // other names.
  int find_by_number(std::string_view label) const;
  const std::string& name(int index) const { return names_[static_cast<size_t>(index)]; }
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
  std::unordered_map<std::string, int> index_;
  bool made_up_ = false;
};

// The labels that occur in `train`, sorted. Errors (input): single label with one class only; no label at all.
Labels labels_of(const Dataset& train, TargetKind target);

// Numbers of all labels of a data set, end to end: row i has ids[offsets[i] .. offsets[i + 1]).
struct LabelIds {
  Column<int32_t> ids;
  Column<int64_t> offsets;  // [rows + 1]
  bool by_number = false;   // some labels were found by Labels::find_by_number
};

// In scratch files where the examples lie in some. Labels are found by name, else by number. Errors (input): a label
// that `labels` lacks: file, line, value, nearest names, both sets. `source` says in words where the known ones come
// from.
LabelIds number_labels(const Dataset& dataset, const Labels& labels, std::string_view source = "the training data");

}  // namespace attune::data
