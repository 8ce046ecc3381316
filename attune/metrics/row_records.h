// One compact record a row, filled in any order and read in the data's order, so that no metric depends on how rows
// were batched.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "attune/base/error.h"

namespace attune::metrics {

template <class Record>
class RowRecords {
 public:
  explicit RowRecords(int64_t rows) : records_(static_cast<size_t>(rows)), filled_(static_cast<size_t>(rows), false) {}

  // Errors (internal): no such row, or the row was given before.
  void put(int64_t row, Record record) {
    ATTUNE_CHECK(row >= 0 && row < static_cast<int64_t>(records_.size()), "row {} of {}", row, records_.size());
    const auto at = static_cast<size_t>(row);
    ATTUNE_CHECK(!filled_[at], "row {} was evaluated twice", row);
    filled_[at] = true;
    records_[at] = std::move(record);
  }

  // Errors (internal): a row is missing.
  const std::vector<Record>& all() const {
    for (size_t row = 0; row < filled_.size(); ++row) ATTUNE_CHECK(filled_[row], "row {} was not evaluated", row);
    return records_;
  }

 private:
  std::vector<Record> records_;
  std::vector<bool> filled_;
};

}  // namespace attune::metrics
