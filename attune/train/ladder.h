// The ladder that opens a classification report: what less effort would have given on the same rows, so that a reader
// sees what fine-tuning is worth.
//
//   majority class                         the labels' frequencies, no text
//   hashed n-grams + logistic regression   words and word pairs (baselines/hashed_ngrams.h)
//   frozen encoder + logistic regression   mean of the untouched encoder's last hidden states
//   (baselines/dense_features.h) fine-tuned
//
// Of embedding tasks:
//
//   words in common (BM25)   no model at all (baselines/bm25.h); not of scored pairs and labelled texts
//   untrained encoder        the vectors of the model as it was
//
// Every rung is fitted on the training rows and judged by the same scorer as the model.
#pragma once
#include <functional>

#include "attune/report/report.h"
#include "attune/train/evaluate.h"

namespace attune::train {

// Training rows that the frozen encoder reads at most; a larger set is thinned out evenly and the rung says so.
inline constexpr int64_t kLadderEncoderRows = 20000;
// N-grams take some 200 bytes a row, which must not grow with the file.
inline constexpr int64_t kLadderNgramRows = 200000;

// How the name of the third rung begins.
inline constexpr const char* kFrozenEncoderRung = "frozen encoder";

struct LadderInputs {
  const tasks::ModelBundle& untrained;  // the model as it was before training
  kernels::Kernels& kernels;
  const Split& train;
  const Split* dev;  // where a multi-label task's thresholds are chosen; may be the judged split
  const Split& judged;
  uint64_t seed = 1;
  int64_t batch_size = 64;
  metrics::BootstrapOptions bootstrap = {};
  std::function<bool()> stop = {};  // asked before each rung; true: the rest is left out
};

// Whether a task's reports have a ladder: single- and multi-label classification, embedding.
bool has_ladder(const tasks::Task& task);

// Tokens that the frozen encoder will read; `dev` where thresholds are chosen there.
int64_t ladder_tokens(const Split& train, const Split* dev, const Split& judged);

// What fitting the rungs takes beside reading, estimated: the logistic regressions' passes over the features.
double ladder_fit_seconds(const Split& train, int64_t outputs, int64_t hidden);

// The rungs below the fine-tuned one, in the order above, judged by the task's headline metric.
report::Ladder climb(const LadderInputs& inputs);

// A rung, of what an evaluation came to.
report::LadderRow rung(std::string name, const std::string& metric, const tasks::Evaluation& evaluation,
                       double seconds);

// One more rung: the model itself.
report::LadderRow fine_tuned_rung(const report::Ladder& ladder, const tasks::Evaluation& evaluation, double seconds);

}  // namespace attune::train
