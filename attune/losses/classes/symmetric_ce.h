// Symmetric cross-entropy: cross-entropy, and its reverse with log 0 := -A, for noisy labels.
//
//   cost(z, y) = alpha (-log p_y) + beta A (1 - p_y);   d cost / d log p_y = -alpha - beta A p_y
//
// (-sum_c p_c log t_c is 0 at the target and A elsewhere.) Denominator: class weights of the targets. Source: Wang et
// al. 2019, arXiv 1908.06112, equations 5 to 7. alpha 0.1 and beta 1 are the paper's for ten classes, 6 and 0.1 for a
// hundred: there is no default for all. A is 9.21 (-log 1e-4), at which public code cuts the targets; the paper writes
// log 0 = A with A about -4. Public code also cuts p at 1e-7, which here is not needed.
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

struct SymmetricCeOptions {
  double alpha = 0.1, beta = 1, a = 9.210340371976182;
  void visit(OptionList& list);
};

extern const LossEntry kSymmetricCe;

}  // namespace attune::losses
