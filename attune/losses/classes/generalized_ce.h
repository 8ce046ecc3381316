// Generalised cross-entropy: between cross-entropy (q to 0) and the mean absolute error (q = 1), for noisy labels.
//
//   cost(z, y) = (1 - p_y^q) / q;   d cost / d log p_y = -p_y^q
//
// Denominator: class weights of the targets. Source: Zhang & Sabuncu 2018, arXiv 1805.07836, equation 6; q 0.7 is the
// paper's. Traps: the gradient vanishes where p_y is near 0, so training starts slowly with many classes, and a loss of
// about 1/q that stays means that nothing is learned.
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

struct GeneralizedCeOptions {
  double q = 0.7;
  void visit(OptionList& list);
};

extern const LossEntry kGeneralizedCe;

}  // namespace attune::losses
