// The different texts of a data set, once folded: what clusters are made of.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "attune/data/examples.h"

namespace attune::selection {

// NFKC, lower case, runs of white space as one blank, trimmed.
std::u32string folded(std::string_view text);

class FoldedTexts {
 public:
  // Both texts of a pair and the words of a sentence without a text are joined.
  explicit FoldedTexts(const data::Examples& rows);

  // Texts are numbered in the order of their first rows.
  int32_t size() const { return static_cast<int32_t>(first_row_.size()); }
  const std::vector<int32_t>& of_row() const { return of_row_; }  // [rows]
  int32_t first_row(int32_t text) const { return first_row_[static_cast<size_t>(text)]; }
  int32_t length(int32_t text) const { return lengths_[static_cast<size_t>(text)]; }  // code points
  void read(int32_t text, std::u32string& into) const;

 private:
  std::string_view bytes(int32_t text) const;

  std::string bytes_;  // UTF-8: a quarter of the memory for most of the world's rows
  std::vector<size_t> ends_;
  std::vector<int32_t> lengths_, first_row_, of_row_;
};

}  // namespace attune::selection
