// Logit-adjusted cross-entropy: class priors are added to the logits while training, so that what the model learns is
// free of them: its plain logits rank classes as if all were equally frequent.
//
//   cost(z, y) = -log softmax(z + tau log pi)_y,   pi_c = (n_c + 1/K) / (N + 1),  sum_c n_c = N
//
// Denominator: class weights of the targets. Source: Menon et al. 2021, arXiv 2007.07314, equation 10; tau 1 is the
// consistent choice (theorem 1). pi is the training prior, smoothed by one item in all so that a class that never
// occurs does not weigh minus infinity (the paper has no such class). Traps: do not re-weight as well; the loss is not
// comparable with cross-entropy's; probabilities are those of balanced classes (subtracting tau log pi from a plain
// model's logits afterwards is the free form of it).
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

struct LogitAdjustedOptions {
  double tau = 1;
  void visit(OptionList& list);
};

extern const LossEntry kLogitAdjusted;
// The same with tau = 1, by the name and argument of Ren et al. 2020, arXiv 2007.10740, equation 4: softmax over
// n_c exp z_c.
extern const LossEntry kBalancedSoftmax;

}  // namespace attune::losses
