// The pre-trained weights as the point that weights are drawn to, in place of zero (L2-SP).
//
//   objective = J + alpha/2 sum over the encoder's weights (w - w0)^2 + beta/2 sum over the others' w^2
//
// w0: the encoder's weights when training was set up (of a resumed run too: those of the model it began with); the
// others are the head's and a loss's own, which begin anew. Frozen weights are left out. It is part of the objective,
// so it goes through the optimizer (Adam scales it; decoupled decay is --weight-decay, and best 0 beside this).
//
// Source: Li, Grandvalet & Davoine 2018, arXiv 1802.01483, equations 2 and 3; alpha and beta 0.01 lie within what its
// section 4 searches (0.001 to 1; beta 0.01). Costs four bytes a weight, and a few passes over the weights a step.
// Gradients of word embeddings are held whole: rows that no text of the step has are drawn back too.
#pragma once
#include <vector>

#include "attune/losses/strategy.h"
#include "attune/train/strategy.h"

namespace attune::train {

class L2Sp final : public Strategy {
 public:
  explicit L2Sp(const losses::L2SpOptions& told) : alpha_(told.alpha), beta_(told.beta) {}
  void begin(models::Model& model, kernels::Kernels& kernels) override;
  double run(const MicroBatch& micro) const override { return one_pass(micro); }
  double finish(models::Model& model, kernels::Kernels& kernels) override;

 private:
  double alpha_, beta_;
  std::unique_ptr<tensor::Arena> start_, difference_;
  std::vector<tensor::Tensor> starts_;  // by parameter; undefined: zero
};

}  // namespace attune::train
