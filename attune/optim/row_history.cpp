#include "attune/optim/row_history.h"

#include <algorithm>

#include "attune/base/error.h"

namespace attune::optim {

std::span<const int32_t> RowHistory::take(std::span<const int32_t> rows) {
  taken_.clear();
  for (const int32_t row : rows) {
    taken_.push_back(done_[static_cast<size_t>(row)]);
    done_[static_cast<size_t>(row)] = static_cast<int32_t>(updates_.size());
  }
  return taken_;
}

void RowHistory::add(const kernels::AdamFactors& update, std::span<const int32_t> rows) {
  updates_.push_back(update);
  for (const int32_t row : rows) {
    ATTUNE_CHECK(done_[static_cast<size_t>(row)] + 1 == std::ssize(updates_), "row {} is updated before it caught up",
                 row);
    ++done_[static_cast<size_t>(row)];
  }
}

RowHistory::Behind RowHistory::behind() const {
  Behind behind;
  for (size_t row = 0; row < done_.size(); ++row) {
    if (done_[row] == std::ssize(updates_)) continue;
    behind.rows.push_back(static_cast<int32_t>(row));
    behind.done.push_back(done_[row]);
  }
  return behind;
}

void RowHistory::clear() {
  updates_.clear();
  std::fill(done_.begin(), done_.end(), 0);
}

}  // namespace attune::optim
