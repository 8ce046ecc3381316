// Distribution-balanced focal loss, for labels of a long tail that come together.
//
//   r_c  = (1/n_c) / sum_{j: y_j = 1} 1/n_j,   r^_c = alpha + sigmoid(beta (r_c - mu))
//   nu_c = kappa (-log(N/n_c - 1)),            v_c = z_c + nu_c
//   cost(z, y) = sum_c r^_c [ y_c (1-q+_c)^gamma softplus(-v_c) + (1-y_c)/lambda q-_c^gamma softplus(lambda v_c) ],
//     q+ = sigmoid(v), q- = sigmoid(lambda v)
//
// nu: the log odds of the prior, in part: a rare label's logits are lowered while training, so that what is learned of
// it stands higher. For y between 0 and 1 the sum of r weighs 1/n_j by y_j; a row without labels has r^_c = alpha + 1,
// the limit. Denominator: known labels. Source: Wu et al. 2020, arXiv 2007.09654, equations 4 to 9; for text Huang et
// al. 2021, arXiv 2109.04712, equation 7. Both papers print z - nu; the code of both adds nu, and so does attune.
// Defaults are those of the text authors' code for Reuters: alpha 0.1, beta 10, mu 0.9 (PubMed 0.05), lambda 2, kappa
// 0.05, gamma 2 (their further constant factor is left out). Traps: mu is to be tuned; n_c and N are smoothed by half
// an item so that labels that never or always occur stay finite.
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

struct DistributionBalancedOptions {
  double alpha = 0.1, beta = 10, mu = 0.9;  // the map of weights
  double lambda = 2, kappa = 0.05;          // what negatives are spared
  double gamma = 2;
  void visit(OptionList& list);
};

extern const LossEntry kDistributionBalanced;

}  // namespace attune::losses
