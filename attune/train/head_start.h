// --head-start linear: the last layer begins where a linear model on the untrained encoder ends.
//
//   features  what the last layer reads, without dropout, of training rows that are spread evenly over the file
//   fit       logistic regression of their labels (baselines/logistic_regression.h); the penalty of its grid that does
//             best on a tenth of them
//   W, b      of the fit, for the features as they are: classifier.weight [K, C] and classifier.bias [K]
//
// A last layer drawn at random sends large and aimless gradients down while it learns, and what pre-training had put
// into the encoder suffers; a fitted one leaves the encoder alone from the first step on. Source: Kumar, Raghunathan,
// Jones, Ma, Liang 2022, arXiv 2202.10054 ("LP-FT"), sections 3 and 4. Class weights, smoothing and row weights are the
// training's: the fit does without.
#pragma once
#include <functional>
#include <optional>

#include "attune/report/report.h"
#include "attune/train/split.h"
#include "attune/train/train_options.h"

namespace attune::train {

// What the fit reads at most: texts, or for tagging about so many words.
inline constexpr int64_t kHeadStartRows = 20000;

std::vector<std::string> head_start_names();  // "random", "linear"

bool wants_head_start(const TrainOptions& options);
// Errors (usage): it is asked for, and the task has no classes, the last layer is being continued, or the loss reads it
// in another way than one output a label.
void check_head_start(const TrainOptions& options, const tasks::ModelBundle& bundle);

// What to try next where a linear model on the untouched encoder does at least as well as everything else, and the last
// layer began at random; empty where there is nothing to say.
std::string head_start_hint(const TrainOptions& options, const tasks::ModelBundle& bundle,
                            const report::Ladder& ladder);

struct HeadStartOptions {
  uint64_t seed = 1;
  int64_t token_budget = 2048;      // tokens at once
  std::function<bool()> stop = {};  // asked between batches
};

struct HeadStart {
  int64_t rows = 0;  // read: texts, or words
  double c = 0;      // inverse penalty; see baselines/logistic_regression.h
};

// Fits, and writes the last layer; nothing where it was stopped. The same bits for any number of threads. Rows without
// a target that counts are left out; where none has one the layer stays as it is. Errors (numeric): features that are
// not finite.
std::optional<HeadStart> start_head(tasks::ModelBundle& bundle, kernels::Kernels& kernels, const Split& train,
                                    const HeadStartOptions& options);

// What it takes, for the plan.
struct HeadStartCost {
  int64_t tokens = 0;      // that the encoder reads
  double fit_seconds = 0;  // beside
  double bytes = 0;
};
HeadStartCost head_start_cost(const tasks::ModelBundle& bundle, const Split& train);

}  // namespace attune::train
