// R-Drop: the same rows twice, under different dropout; both answers cost, and so does their difference.
//
//   objective = (J_1 + J_2) / 2  +  alpha/2 * sum_i u_i D_i / denominator
//   D_i = (KL(p_1 || p_2) + KL(p_2 || p_1)) / 2,  p the soft-max of a row (classes), sigmoid of each label (labels);
//   for scores D_i = (z_1 - z_2)^2
//
// J_1, J_2: the loss after each pass; denominator: that of the loss's first term that holds. Source: Liang et al. 2021,
// arXiv 2106.14448, equations 3 and 4, halved as a whole, so that the step size means what it does without it. alpha 1
// to 5 are the paper's for language. Costs a second pass. Without dropout both passes are equal: an error.
#pragma once
#include "attune/losses/strategy.h"
#include "attune/train/strategy.h"

namespace attune::train {

class RDrop final : public Strategy {
 public:
  explicit RDrop(const losses::RDropOptions& told) : alpha_(told.alpha) {}
  double run(const MicroBatch& micro) const override;

 private:
  double alpha_;
};

}  // namespace attune::train
