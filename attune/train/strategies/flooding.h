// Flooding: the objective is kept near a level above 0, so that training goes on around it and does not fit every row.
//
//   J~ = |J - b| + b:  the gradient of J where J > b, its opposite below
//
// J is the objective of the whole step, so a step is never split (a loss in it `depends_on_batch`). Source: Ishida et
// al. 2020, arXiv 2002.08709, equation 1. The level is to be tuned (the paper tries 0 to 0.1 by 0.01 for images). The
// loss that is logged is J.
#pragma once
#include "attune/losses/strategy.h"
#include "attune/train/strategy.h"

namespace attune::train {

class Flooding final : public Strategy {
 public:
  explicit Flooding(const losses::FloodingOptions& told) : level_(told.level) {}
  double run(const MicroBatch& micro) const override;

 private:
  double level_;
};

}  // namespace attune::train
