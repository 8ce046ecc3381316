// Focal loss, label by label.
//
//   positive(z) = alpha (1 - p)^gamma (-log p),  negative(z) = (1 - alpha) p^gamma (-log(1 - p)),  p = sigmoid(z)
//
// A negative alpha leaves both factors out. Denominator: known labels times their weights. Source: Lin et al. 2017,
// arXiv 1708.02002, equations 4 and 5, with its gamma 2 and alpha 0.25 (chosen for object detection: alpha below 1/2
// damps the positives, which gamma 2 makes up for). The paper divides by the positives; here by labels, as bce does.
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

struct FocalBceOptions {
  double gamma = 2, alpha = 0.25;
  void visit(OptionList& list);
};

extern const LossEntry kFocalBce;

}  // namespace attune::losses
