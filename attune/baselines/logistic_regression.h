// Logistic regression with an L2 penalty, fitted to the end: what features are worth to a linear model.
//
//   f(W, b) = (1/n) sum_i l_i(x_i W + b) + |W|^2 / (2 C n)        W [M, K], b [K]; b is not penalised
//   l_i     one label a row: softmax cross-entropy; any number of labels: sum over k of the binary cross-entropy
//
// (C as in liblinear and scikit-learn: the penalty against the sum of losses.)
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "attune/baselines/features.h"

namespace attune::baselines {

// Labels by row, flat.
struct ClassTargets {
  int64_t classes = 0;
  bool exclusive = true;  // exactly one label a row
  std::vector<int64_t> offsets = {0};
  std::vector<int32_t> labels = {};

  int64_t rows() const { return static_cast<int64_t>(offsets.size()) - 1; }
  void add(std::span<const int32_t> row);
  std::span<const int32_t> row(int64_t i) const;
};

struct LogisticModel {
  int64_t classes = 0;
  std::vector<float> weights;  // [(M + 1), K]: W, then b
  // logits [N, K].
  std::vector<float> logits(const Features& features) const;
};

struct FitOptions {
  double c = 10;
  int max_iterations = 100;
};

// `use` [N]: rows that count; empty: all. `start`: a fit to begin from, or an empty one. Errors (internal): rows that
// do not match.
LogisticModel fit(const Features& features, const ClassTargets& targets, std::span<const uint8_t> use,
                  const FitOptions& options, LogisticModel start = {});

// C from {1, 10, 100} by the loss of a tenth of the rows that the fit did not see (drawn by `seed`), then fitted on all
// rows. With fewer than 50 rows C stays 10.
struct ChosenFit {
  LogisticModel model;
  double c = 10;
};
ChosenFit fit_with_chosen_penalty(const Features& features, const ClassTargets& targets, uint64_t seed);

// What it takes on dense features for each row, column and class, on two cores: for plans.
inline constexpr double kDenseFitSeconds = 4e-9;

}  // namespace attune::baselines
