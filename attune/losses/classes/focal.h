// Focal loss: the surer the model is of the right class, the less it costs.
//
//   cost(z, y) = (1 - p_y)^gamma (-log p_y),   p = softmax(z)
//   d cost / d log p_y = -(1 - p_y)^gamma + gamma (1 - p_y)^gamma (p_y log p_y / (1 - p_y))
//
// gamma = 0 is cross-entropy. Denominator: class weights of the targets, as cross-entropy's (shared/class_loss.h).
// Source: Lin et al. 2017, arXiv 1708.02002, equations 4 and 5; gamma 2 is the paper's best. Its alpha is `weights`:
// the paper has one number for two classes, libraries one a class. The paper divides by the anchors that carry an
// object; here the mean is cross-entropy's, so that the step size means the same. Traps: for gamma < 1 the power's
// slope is infinite at p_y = 1; written as above the product stays finite.
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

struct FocalOptions {
  double gamma = 2;
  void visit(OptionList& list);
};

extern const LossEntry kFocal;

}  // namespace attune::losses
