// The updates that rows of a table have missed, for optimizers that leave out rows without a gradient.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "attune/kernels/update.h"

namespace attune::optim {

class RowHistory {
 public:
  explicit RowHistory(int64_t rows) : done_(static_cast<size_t>(rows), 0) { updates_.reserve(kMost); }

  // So many updates are remembered; then every row must be brought up to date.
  bool full() const { return updates_.size() == kMost; }

  // How many of the updates each of `rows` has seen, for a kernel's arguments; they count as seen by all from now on.
  std::span<const int32_t> take(std::span<const int32_t> rows);
  // One more update, which `rows` take part in and the others will have to make up for.
  void add(const kernels::AdamFactors& update, std::span<const int32_t> rows);
  // Every row that has missed something, and how many of the updates it has seen.
  struct Behind {
    std::vector<int32_t> rows, done;
  };
  Behind behind() const;
  // All rows have seen everything: nothing needs to be remembered.
  void clear();

  const std::vector<kernels::AdamFactors>& updates() const { return updates_; }

 private:
  static constexpr size_t kMost = 1024;
  std::vector<kernels::AdamFactors> updates_;
  std::vector<int32_t> done_;   // by row
  std::vector<int32_t> taken_;  // of the last take()
};

}  // namespace attune::optim
