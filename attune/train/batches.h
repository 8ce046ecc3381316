// Which rows go into which optimizer step, and how a step is split into micro-batches.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "attune/train/split.h"

namespace attune::train {

struct BatchOptions {
  int64_t batch_size = 16;  // rows an optimizer step
  int64_t micro_batch = 0;  // rows at once; 0: as many as stay within the token budget
  uint64_t seed = 0;
  bool shuffle = true;
};
inline constexpr int64_t kTokenBudget = 8192;

class StepBatches {
 public:
  StepBatches(const Split& split, bool tagging, const BatchOptions& options);

  // Tokens that rows without a --micro-batch may have at once; one row always may.
  int64_t token_budget() const { return token_budget_; }
  void set_token_budget(int64_t tokens) { token_budget_ = tokens; }

  int64_t steps_per_epoch() const { return (split_.rows() + options_.batch_size - 1) / options_.batch_size; }
  // The micro-batches of a step (0-based, over all epochs). The last, smaller batch of an epoch is kept. Valid until
  // the next call.
  std::span<const tasks::Batch> at(int64_t step);
  // Rows of a step: batch_size, or what is left at the end of an epoch.
  int64_t rows_of(int64_t step) const;
  // The rows of a step by file and line, for messages: "train.csv lines 3, 17, 812"; "and N more" beyond 32.
  std::string places_of(int64_t step);
  // The longest rows, as many as a micro-batch can hold: no step needs more memory than they do together.
  std::vector<int32_t> largest() const;

 private:
  std::span<const int32_t> rows_at(int64_t step);
  bool full(int64_t rows, int64_t tokens) const;

  const Split& split_;
  bool tagging_;
  BatchOptions options_;
  int64_t epoch_ = -1;
  std::vector<int32_t> order_;
  std::vector<tasks::Batch> micro_;
  int64_t token_budget_ = kTokenBudget;
};

}  // namespace attune::train
