// The rows of a data set, one behind another: in memory, or in a scratch file (base/column.h), where ten million rows
// take none. Rows are read one at a time; what a row holds beside its texts, and hash and labels, without copies.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "attune/data/example.h"

namespace attune::data {

// One row as it lies there. Valid until rows are added.
struct ExampleView {
  std::string_view text, text_pair, id;
  uint64_t input_hash = 0;  // see data::input_hash
  double score = 0, weight = 1;
  Origin origin;
  bool has_pair = false, has_target = false, line_a_word = false;
  int32_t label_count = 0, word_count = 0, negative_count = 0;
  const std::byte *labels = nullptr, *words = nullptr;  // as examples.cpp lays them out

  // The number of label `i`, in Examples::label_names().
  int32_t label(int32_t i) const;
};

class Examples {
 public:
  // In memory.
  Examples();
  // In scratch files in `folder`; in memory where it is empty.
  explicit Examples(std::filesystem::path folder);
  Examples(const std::vector<Example>& rows);  // in memory

  size_t size() const;
  bool empty() const { return size() == 0; }
  // Adds a row at the end. In a scratch file it can be read after seal(). Errors (internal): this is a part of another
  // set, or a part is made of this one. Errors (io): as ScratchFile::append.
  void push_back(const Example& example);
  void seal();

  ExampleView view(size_t row) const;
  // A row with all that it had.
  void read(size_t row, Example& into) const;
  const Example operator[](size_t row) const;  // const: what is written to a copy would be lost

  // Each different label of the rows once, in the order in which it was first seen (a part has the whole set's).
  const std::vector<std::string>& label_names() const;
  std::string_view label_of(const ExampleView& row, int32_t i) const {
    return label_names()[static_cast<size_t>(row.label(i))];
  }
  // Rows at these places, in that order; the rows themselves are shared.
  Examples part(std::vector<int32_t> rows) const;

  // Where scratch files about these rows should lie; empty: nowhere.
  const std::filesystem::path& folder() const;
  // See ScratchFile.
  void let_go() const;

  class Iterator;
  Iterator begin() const;
  Iterator end() const;

 private:
  struct Storage;
  std::shared_ptr<Storage> storage_;
  bool is_part_ = false;
  std::vector<int32_t> rows_;  // a part's
};

// Reads row after row into the same example.
class Examples::Iterator {
 public:
  Iterator(const Examples& examples, size_t row) : examples_(&examples), row_(row) {}
  const Example& operator*() {
    if (!read_) examples_->read(row_, example_);
    read_ = true;
    return example_;
  }
  const Example* operator->() { return &**this; }
  Iterator& operator++() {
    ++row_, read_ = false;
    return *this;
  }
  bool operator!=(const Iterator& other) const { return row_ != other.row_; }

 private:
  const Examples* examples_;
  size_t row_;
  bool read_ = false;
  Example example_;
};

inline Examples::Iterator Examples::begin() const {
  return {*this, 0};
}
inline Examples::Iterator Examples::end() const {
  return {*this, size()};
}

// 64 bits of an example's input (text, pair, words), not of its target or place: equal inputs are equal numbers.
uint64_t input_hash(const Example& example);
// The same of one text.
uint64_t text_hash(std::string_view text);

}  // namespace attune::data
