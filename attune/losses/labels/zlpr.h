// ZLPR: every label that holds above a threshold of zero, every other below it, all at once.
//
//   cost(z, y) = log(1 + sum_{c: y_c = 0} exp z_c) + log(1 + sum_{c: y_c = 1} exp -z_c)
//
// For y between 0 and 1 each exponential is weighed by 1 - y_c and y_c (label weights multiply it). Denominator: items.
// Source: Su et al. 2022, arXiv 2208.02955, equation 7 (the weighing is its section 3.4's soft form). The threshold is
// 0: a logit above it is a yes, which is attune's 0.5 of its sigmoid; the sigmoid is not a calibrated probability.
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

extern const LossEntry kZlpr;

}  // namespace attune::losses
