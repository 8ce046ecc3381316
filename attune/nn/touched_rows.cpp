#include "attune/nn/touched_rows.h"

#include "attune/base/error.h"

namespace attune::nn {

void TouchedRows::begin(int64_t table_rows) {
  for (const int32_t row : rows_) slot_of_[static_cast<size_t>(row)] = -1;
  rows_.clear();
  slot_of_.resize(static_cast<size_t>(table_rows), -1);
}

void TouchedRows::number(std::span<const int32_t> ids, std::vector<int32_t>& slots) {
  slots.clear();
  for (const int32_t id : ids) {
    ATTUNE_CHECK(id >= 0 && static_cast<size_t>(id) < slot_of_.size(), "row {} of a table of {}", id, slot_of_.size());
    int32_t& slot = slot_of_[static_cast<size_t>(id)];
    if (slot < 0) {
      slot = static_cast<int32_t>(rows_.size());
      rows_.push_back(id);
    }
    slots.push_back(slot);
  }
}

}  // namespace attune::nn
