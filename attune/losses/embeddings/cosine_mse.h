// The cosine of two texts is to be their score.
//
//   item_i = (cos(a_i, b_i) - y_i)^2
//
// Rows: two texts and a score. y is the score as it is, or scaled from [low, high] to [0, 1]: where these are told
// (low alone: up to 1; high alone: from 0), else where the training's scores leave [-1, 1], from their range. A score
// that is not known (NaN) costs 0 and counts for nothing. Denominator: weights of the rows whose score is known.
//
// Source: Reimers & Gurevych 2019, arXiv 1908.10084, section 3 (regression objective function). Elsewhere
// (sentence-transformers' CosineSimilarityLoss) scores must be brought to [0, 1] beforehand. Traps: one row at a time,
// it knows no order of rows (cosent does, and mostly ranks better); a scale from the range of small data moves with it.
#pragma once
#include <optional>

#include "attune/losses/entry.h"

namespace attune::losses {

struct CosineMseOptions {
  std::optional<double> low, high;
  void visit(OptionList& list);
};

extern const LossEntry kCosineMse;

}  // namespace attune::losses
