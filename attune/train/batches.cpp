#include "attune/train/batches.h"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <queue>

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

// Whether a micro-batch of `rows` has no place for one more that would bring it to `tokens`.
bool StepBatches::full(int64_t rows, int64_t tokens) const {
  return rows > 0 && (options_.micro_batch > 0 ? rows >= options_.micro_batch : tokens > token_budget_);
}

std::span<const tasks::Batch> StepBatches::at(int64_t step) {
  const auto rows = rows_at(step);
  size_t used = 0;
  for (size_t first = 0; first < rows.size();) {
    size_t last = first;
    for (int64_t tokens = 0; last < rows.size(); ++last) {
      tokens += tokens_of(split_, rows[last]);
      if (full(static_cast<int64_t>(last - first), tokens)) break;
    }
    if (used == micro_.size()) micro_.emplace_back();
    fill_batch(micro_[used++], split_, rows.subspan(first, last - first), tagging_);
    first = last;
  }
  return {micro_.data(), used};
}

std::string StepBatches::places_of(int64_t step) {
  constexpr size_t kMost = 32;
  const auto rows = rows_at(step);
  std::vector<data::Origin> places;
  for (const int32_t row : rows) places.push_back(split_.data.examples.view(static_cast<size_t>(row)).origin);
  std::sort(places.begin(), places.end(),
            [](const auto& a, const auto& b) { return std::pair(a.file, a.line) < std::pair(b.file, b.line); });
  std::string text;
  for (size_t i = 0; i < std::min(kMost, places.size()); ++i) {
    const bool same_file = i > 0 && places[i].file == places[i - 1].file;
    text += same_file ? fmt::format(", {}", places[i].line)
                      : fmt::format("{}{} lines {}", i > 0 ? "; " : "",
                                    split_.data.files[static_cast<size_t>(places[i].file)], places[i].line);
  }
  return text + (places.size() > kMost ? fmt::format(" and {} more", places.size() - kMost) : "");
}

std::vector<int32_t> StepBatches::largest() const {
  // The longest batch_size rows, the first of equals, in a heap whose top is the least of them.
  using Length = std::pair<int64_t, int32_t>;  // tokens, and the row's number so that a larger pair goes first
  std::priority_queue<Length, std::vector<Length>, std::greater<>> longest;
  const auto most = static_cast<size_t>(std::min(options_.batch_size, split_.rows()));
  for (int64_t row = 0; row < split_.rows(); ++row) {
    const Length length{tokens_of(split_, row), -static_cast<int32_t>(row)};
    if (longest.size() == most && length <= longest.top()) continue;
    if (longest.size() == most) longest.pop();
    longest.push(length);
  }
  std::vector<int32_t> rows(longest.size());
  for (size_t i = rows.size(); i > 0; --i, longest.pop()) rows[i - 1] = -longest.top().second;
  int64_t count = 0, tokens = 0;
  for (; count < std::ssize(rows); ++count) {
    tokens += tokens_of(split_, rows[static_cast<size_t>(count)]);
    if (full(count, tokens)) break;
  }
  rows.resize(static_cast<size_t>(count));
  return rows;
}

}  // namespace attune::train
