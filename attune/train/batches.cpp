#include "attune/train/batches.h"

#include <algorithm>

#include "attune/train/epoch_order.h"

namespace attune::train {

StepBatches::StepBatches(const Split& split, bool tagging, const BatchOptions& options)
    : split_(split), tagging_(tagging), options_(options) {}

int64_t StepBatches::rows_of(int64_t step) const {
  const int64_t first = step % steps_per_epoch() * options_.batch_size;
  return std::min(options_.batch_size, split_.rows() - first);
}

std::span<const int32_t> StepBatches::rows_at(int64_t step) {
  const int64_t epoch = step / steps_per_epoch();
  if (epoch != epoch_) order_ = epoch_order(split_.rows(), options_.seed, epoch, options_.shuffle);
  epoch_ = epoch;
  return std::span(order_).subspan(step % steps_per_epoch() * options_.batch_size, rows_of(step));
}

std::span<const tasks::Batch> StepBatches::at(int64_t step) {
  const auto rows = rows_at(step);
  size_t used = 0;
  for (size_t first = 0; first < rows.size();) {
    size_t last = first;
    for (int64_t tokens = 0; last < rows.size(); ++last) {
      tokens += tokens_of(split_, rows[last]);
      const bool full = options_.micro_batch > 0 ? static_cast<int64_t>(last - first) >= options_.micro_batch : tokens > kTokenBudget;
      if (full && last > first) break;
    }
    if (used == micro_.size()) micro_.emplace_back();
    fill_batch(micro_[used++], split_, rows.subspan(first, last - first), tagging_);
    first = last;
  }
  return {micro_.data(), used};
}

}  // namespace attune::train
