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
#include "attune/report/report.h"
#include "attune/train/split.h"
#include "attune/train/train_options.h"

namespace attune::train {

// What the fit reads at most: texts, or for tagging words.
inline constexpr int64_t kHeadStartRows = 20000;

std::vector<std::string> head_start_names();  // "random", "linear"

// Whether the options ask for it. Errors (usage): a task without classes, a last layer that is being continued.
bool wants_head_start(const TrainOptions& options, const tasks::ModelBundle& bundle);

// What to try next where a linear model on the untouched encoder does as well as this run, whose last layer began at
// random; empty where there is nothing to say.
std::string head_start_hint(const TrainOptions& options, const tasks::ModelBundle& bundle,
                            const report::Ladder& ladder);

struct HeadStart {
  int64_t rows = 0;  // read: texts, or words
  double c = 0;      // inverse penalty; see baselines/logistic_regression.h
};

// Fits, and writes the last layer. The same bits for any number of threads. Rows without a target that counts are left
// out; where none has one the layer stays as it is. Errors (numeric): features that are not finite.
HeadStart start_head(tasks::ModelBundle& bundle, kernels::Kernels& kernels, const Split& train, uint64_t seed);

// What it takes, for the plan: tokens that the encoder reads, and seconds of the fit beside them.
int64_t head_start_tokens(const tasks::ModelBundle& bundle, const Split& train);
double head_start_fit_seconds(const tasks::ModelBundle& bundle, const Split& train);

}  // namespace attune::train
