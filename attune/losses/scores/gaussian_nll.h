// Negative log-likelihood of a normal distribution whose mean and variance the model gives.
//
//   cost(m, s; y) = ( log v + (y - m)^2 / v ) / 2,   v = max(exp s, floor)
//
// Two outputs, m and s = log v; the score is m (link.h). Denominator: items whose target is known. Source: Nix &
// Weigend 1994; Kendall & Gal 2017, arXiv 1703.04977, equation 8, for the logarithm as output. The constant log(2 pi)/2
// is left out, as PyTorch does (full=False); the floor 1e-6 is its eps. Where the floor holds s has no gradient, as the
// value has none (PyTorch's gradient does not see its clamp: s is still pulled there). Trap: it may be below 0, and it
// explains hard items away by a large variance: watch mae too.
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

struct GaussianNllOptions {
  double floor = 1e-6;
  void visit(OptionList& list);
};

extern const LossEntry kGaussianNll;

}  // namespace attune::losses
