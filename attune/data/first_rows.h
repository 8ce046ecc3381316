// For each input of a set of rows the first row that has it.
#pragma once
#include <cstdint>
#include <vector>

#include "attune/data/examples.h"

namespace attune::data {

// At most 11 bytes a row: a table of row numbers with open addressing (Knuth, The Art of Computer Programming 3, 6.4,
// algorithm L). Inputs are equal where their hashes are.
class FirstRows {
 public:
  static constexpr int32_t kNone = -1;

  // For no more rows than `examples` has; it outlives this object.
  explicit FirstRows(const Examples& examples);
  // The first row with the input of `row`, which is `row` itself where it comes first. Rows are added in order.
  int32_t add(int32_t row);
  // kNone where no row has the input.
  int32_t find(uint64_t input_hash) const;

 private:
  size_t slot_of(uint64_t input_hash) const;

  const Examples& examples_;
  std::vector<int32_t> slots_;  // a power of two, never more than three quarters in use
};

}  // namespace attune::data
