// Which rows of a table a step reads: each once, in the order in which they are first met, and for every place that
// reads one its slot in that list.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace attune::nn {

class TouchedRows {
 public:
  // A new step, for a table of so many rows.
  void begin(int64_t table_rows);
  // slots[i]: the slot of row ids[i]. Called for each micro-batch in turn.
  void number(std::span<const int32_t> ids, std::vector<int32_t>& slots);
  std::span<const int32_t> rows() const { return rows_; }

 private:
  std::vector<int32_t> rows_;
  std::vector<int32_t> slot_of_;  // by row of the table; -1: not met in this step
};

}  // namespace attune::nn
