// From records to examples, one at a time, in constant memory.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "attune/data/columns.h"
#include "attune/data/example.h"
#include "attune/data/read_options.h"
#include "attune/data/record.h"

namespace attune::data {

// Labels and ids lose white space around them; texts stay as they are. Tags stay as written (the scheme of a file is
// known only at its end: read_dataset converts them).
class ExampleReader {
 public:
  // `file` becomes Origin::file.
  ExampleReader(std::unique_ptr<RecordReader> records, TargetKind target, TargetNeed need, ReadOptions options,
                int32_t file = 0);

  // Fills `example` with the next one; false at the end. Errors (input), each with file, line and value: a column is
  // missing or ambiguous; no text; an empty label; a score that is not a finite number; a 0/1 column that holds
  // something else; a repeated label in one row; tags and words of different number; a weight that is negative.
  bool next(Example& example);
  // See RecordReader.
  bool at_hand() { return records_->at_hand(); }

  // What rows are, after the first next(): of an embedding task.
  TextShape shape() const { return columns_.shape; }
  // What was recognised, after the first next().
  const std::vector<std::string>& notes() const { return columns_.notes; }
  const RecordReader& records() const { return *records_; }

 private:
  const Value& value(int column) const;
  std::string where() const;
  std::string text_of(int column) const;
  void read_words(Example& example) const;
  void read_target(Example& example) const;
  void read_negatives(Example& example) const;
  void read_tags(Example& example) const;
  void read_label_list(Example& example) const;
  void read_indicators(Example& example) const;
  double number_of(int column, const char* what) const;

  std::unique_ptr<RecordReader> records_;
  TargetKind target_;
  TargetNeed need_;
  ReadOptions options_;
  int32_t file_;
  Columns columns_;
  Record record_;
  bool chosen_ = false;
  size_t known_columns_ = 0;
};

}  // namespace attune::data
