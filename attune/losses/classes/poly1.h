// Poly-1: cross-entropy with the first coefficient of its series in 1 - p_y changed.
//
//   cost(z, y) = -log p_y + epsilon (1 - p_y);   d cost / d log p_y = -1 - epsilon p_y
//
// Denominator: class weights of the targets. Source: Leng et al. 2022, arXiv 2204.12511, equation 5 and algorithm 1;
// epsilon 1 from its ImageNet runs, to be tuned (the paper tries -1 to 10). Below -1 the cost falls as p_y falls from
// 1, so attune stops there.
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

struct Poly1Options {
  double epsilon = 1;
  void visit(OptionList& list);
};

extern const LossEntry kPoly1;

}  // namespace attune::losses
