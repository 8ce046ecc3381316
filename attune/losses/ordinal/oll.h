// Ordinal log loss: every class other than the label is pushed away, the farther the harder.
//
//   cost(z, y) = -sum_c log(1 - p_c) |y - c|^alpha,   p = softmax(z)
//   d(-log(1 - p_c)) / dz_k = p_c ([k = c] - [k != c] softmax of the others_k)
//
// Denominator: class weights of the targets. Source: Castagnos et al. 2022 (COLING), equation 5; alpha 1.5 is its best
// on most sets. The order is the labels' own (--labels), the steps count as equal. log(1 - p_c) is the log-sum-exp of
// the others less that of all: exact where p_c is near 1, where 1 - p is 0 in floating point. Traps: p_y itself has no
// term.
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

struct OllOptions {
  double alpha = 1.5;
  void visit(OptionList& list);
};

extern const LossEntry kOll;

}  // namespace attune::losses
