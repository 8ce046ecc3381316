// Cross-entropy less the entropy of the answer: sure answers cost.
//
//   cost(z, y) = -log p_y - beta H(p),   H(p) = -sum_c p_c log p_c
//   d H / d z_k = -p_k (log p_k + H)
//
// Denominator: class weights of the targets. Source: Pereyra et al. 2017, arXiv 1701.06548, equation 2 and section 3.1;
// beta 0.1 is the paper's for images and speech. Edge: p log p is 0 at p = 0. The cost may be below 0.
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

struct ConfidencePenaltyOptions {
  double beta = 0.1;
  void visit(OptionList& list);
};

extern const LossEntry kConfidencePenalty;

}  // namespace attune::losses
