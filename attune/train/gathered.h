// What a loss reads of several micro-batches, side by side: for losses whose items depend on their company.
//
// A step whose loss sees all its rows runs in micro-batches all the same, by gradient caching (Gao, Zhang, Han & Callan
// 2021, arXiv 2101.06983): every micro-batch forward without recording, the loss over all rows at once, then every
// micro-batch forward again and back from its part of the loss's gradient. The second pass repeats the first bit for
// bit, dropout included, for draws are keyed by row and step. It costs a second forward pass, and of memory what the
// loss reads: a few numbers a row.
#pragma once
#include <optional>
#include <vector>

#include "attune/losses/objective.h"
#include "attune/models/model.h"
#include "attune/tasks/batch.h"

namespace attune::train {

class Gathered {
 public:
  void clear();
  // Keeps what a loss may read of a micro-batch: outputs, features, targets. Waits for the device.
  void add(autograd::Context& context, const models::ModelOutput& output, const tasks::Batch& batch);

  const losses::Targets& targets() const { return targets_; }
  // Rows of the data set.
  int64_t items() const { return targets_.items(); }

  // All of it in the context's memory, as variables where that records.
  losses::LossInput input(autograd::Context& context, double progress);
  // After backward(): keeps the gradients of what input() gave.
  void keep_gradients(autograd::Context& context, const losses::LossInput& input);
  // Seeds the tape with the `part`-th micro-batch's share, `output` being that micro-batch's.
  void seed(autograd::Context& context, const models::ModelOutput& output, size_t part) const;

 private:
  struct Columns {
    int64_t width = 0;
    std::vector<double> values, gradients;  // [rows, width]; gradients may stay empty
  };
  losses::Targets targets_;
  Columns outputs_, features_;
  bool same_ = false;                 // the outputs are the features
  std::vector<int64_t> parts_ = {0};  // where each micro-batch's rows begin, and the end
};

// All targets of a step as one batch's.
losses::Targets merged_targets(std::span<const tasks::Batch> micro_batches);

}  // namespace attune::train
