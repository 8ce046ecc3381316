// Bi-tempered logistic loss: a logarithm that is bounded (t1 < 1) and a soft-max with a heavy tail (t2 > 1).
//
//   log_t(x) = (x^(1-t) - 1) / (1-t),  exp_t(x) = [1 + (1-t) x]_+^(1/(1-t));  log, exp at t = 1
//   p_c = exp_t2(z_c - lambda),  lambda such that sum_c p_c = 1
//   cost(z, y) = -log_t1 p_y - (1 - sum_c p_c^(2-t1)) / (2 - t1)
//   d cost / d z_k = p_k^t2 g_k - e_k sum_c p_c^t2 g_c,  g_c = p_c^(1-t1) - [c = y] p_y^(-t1),  e = p^t2 / sum p^t2
//
// t1 = t2 = 1 is cross-entropy. Denominator: class weights of the targets. Source: Amid et al. 2019, arXiv 1906.03361,
// equations 4, 5, 7 and 8; t1 0.8 and t2 1.2 are its values for noisy labels. lambda is found by a bracketed Newton
// iteration to the last bit, not by a few fixed-point steps. Traps: the model's soft-max at prediction is the plain one
// (the order of classes is the same). Edge: for logits far apart p_y is small as a power of the distance, not 0.
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

struct BiTemperedOptions {
  double t1 = 0.8, t2 = 1.2;
  void visit(OptionList& list);
};

extern const LossEntry kBiTempered;

}  // namespace attune::losses
