// A model over a whole data set, without recording: logits row by row, and the task's metrics.
#pragma once
#include <functional>
#include <span>

#include "attune/tasks/scorer.h"
#include "attune/train/split.h"

namespace attune::train {

// A row and its logits, as Scorer::add has them.
using SeeRow =
    std::function<void(int32_t row, std::span<const data::LabelPlace> places, std::span<const float> logits)>;

struct EvaluateOptions {
  int64_t batch_size = 64;  // sequences at once; changes no result (a loss that compares rows sees 32 at once)
  metrics::BootstrapOptions bootstrap = {.draws = 0};
  tasks::ScorerOptions scorer = {};
  SeeRow see = {};                  // told each row that the model answers, in order
  std::function<bool()> stop = {};  // asked between batches; true: evaluate() returns nothing
};

// Scores and `loss` (sum over items / denominator, over the whole set) of a split; nothing if stopped.
std::optional<tasks::Evaluation> evaluate(const tasks::ModelBundle& bundle, kernels::Kernels& kernels,
                                          const Split& split, const EvaluateOptions& options);

}  // namespace attune::train
