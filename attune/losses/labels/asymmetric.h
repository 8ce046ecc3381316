// Asymmetric loss (ASL): negatives fade faster than positives, and easy ones cost nothing at all.
//
//   positive(z) = (1 - p)^gamma_pos (-log p)
//   negative(z) = q^gamma_neg (-log(1 - q)),  q = max(p - margin, 0),  p = sigmoid(z)
//
// Denominator: known labels times their weights. Source: Ridnik et al. 2021, arXiv 2009.14119, equations 4 to 7;
// gamma_neg 4, gamma_pos 1 and margin 0.05 are the defaults of the authors' code (the paper has gamma_pos 0 in its main
// runs). The authors' code sums over batch and labels, so its step size depends on both; here the mean is bce's. It
// cuts logarithms at 1e-8; nothing is cut here. Trap: below the margin a negative has no gradient.
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

struct AsymmetricOptions {
  double gamma_neg = 4, gamma_pos = 1, margin = 0.05;
  void visit(OptionList& list);
};

extern const LossEntry kAsymmetric;

}  // namespace attune::losses
