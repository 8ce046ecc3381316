// Figures from the untouched encoder: what its hidden states already know of the labels. Classification, one label or
// many; other tasks have none.
//
// Every row (at most kProbeRows, spread) gets out-of-fold probabilities of a logistic regression on the encoder's mean
// hidden state, five folds by cluster. Names:
//   probe_accuracy           (single label), Wilson's interval
//   information, information_share   I = H(Y) - mean(-log2 p(y)) in bits; I / H(Y); interval by bootstrap over rows
//   ngram_information_share  the same of hashed n-grams: far above information_share the model does not fit the
//   language hardest_recall           smallest recall of a class with 10 rows or more; note: which class. Many labels:
//   among as
//                            many rows as have the label, those for which it is likeliest
// A label costs at most 20 bits. Many labels: bits are summed over labels, H too. Folds, features and penalty:
// measure_probe.h. A warning where n-grams know half as much again as the encoder (and the difference's interval is
// above 0): 1.1 times is usual where single words decide.
// Rows whose label gets less than 0.1 while another gets more than 0.8 join profile.suspicious (suspicion: the other's
// probability; not for multi-label); "reason" says what the probe expects.
#pragma once
#include <functional>

#include "attune/kernels/kernels.h"
#include "attune/selection/measure/clusters.h"
#include "attune/selection/profile.h"
#include "attune/train/split.h"

namespace attune::selection {

inline constexpr int64_t kProbeRows = 20000;

struct ModelToMeasure {
  const tasks::ModelBundle& untrained;
  kernels::Kernels& kernels;
  const train::Split& rows;
  const Clusters& clusters;  // of these rows
  uint64_t seed = 1;
  std::function<bool()> stop = {};
};

// False where it was stopped.
bool measure_model(const ModelToMeasure& what, Profile& profile);

}  // namespace attune::selection
