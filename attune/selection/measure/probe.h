// What a linear model says of rows that it was not fitted on, each row in one of five folds.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "attune/baselines/logistic_regression.h"
#include "attune/selection/measure/clusters.h"

namespace attune::selection {

inline constexpr int kProbeFolds = 5;

// Rows that a probe looks at, by their place among them.
struct ProbeRows {
  std::vector<int32_t> rows;  // of the split
  baselines::ClassTargets targets;
  std::vector<int> fold;  // [rows] 0 to kProbeFolds - 1
};

// Whole clusters to a fold, about as many rows and as many of a label's rows in each (a cluster's label is the first of
// its first row's). Drawn by `seed`.
std::vector<int> probe_folds(std::span<const int32_t> rows, const baselines::ClassTargets& targets,
                             const Clusters& clusters, uint64_t seed);

// Features of all rows for the fit that leaves out `fold`.
using FoldFeatures = std::function<std::shared_ptr<const baselines::Features>(int fold)>;

// Probabilities [rows, K] of logistic regressions, each row by the one that was fitted on the other folds; C from
// {1, 10, 100} by the loss on the first fold, then kept. Nothing where it was stopped. At least two folds have rows.
std::optional<std::vector<float>> out_of_fold(const ProbeRows& rows, const FoldFeatures& features,
                                              const std::function<bool()>& stop);

// Bits that each row's labels cost under the probabilities, at most kMostBits a label: no row that a probe is sure and
// wrong about outweighs all others.
inline constexpr double kMostBits = 20;
std::vector<double> label_bits(const baselines::ClassTargets& targets, std::span<const float> probabilities);

}  // namespace attune::selection
