// Early-learning regularisation: the model is held to what it answered before it began to learn wrong labels by heart.
//
//   cost(z_i, y) = -log p_y + lambda log(1 - <q_i, t_i>),   p = softmax(z)
//   q = p with every value held within [1e-4, 1 - 1e-4];   t_i <- beta t_i + (1 - beta) q_i / sum q_i, from 0
//   d cost / dz = p - onehot(y) - lambda J^T t' / (1 - <q, t>),   t'_c = t_c where q_c = p_c, else 0;  J = dp/dz
//
// t_i is a constant (no gradient goes through it) and a state of training row i (example_state.h), [rows, K] f32: 4 K
// bytes a row, which for a million rows of 77 classes are 308 MB. In training the mean is moved first and then read, as
// in the paper's algorithm and the authors' code; it is written after the step. Evaluation has no state: plain
// cross-entropy, and so are items whose row is not known. Denominator: class weights of the targets (shared/
// class_loss.h); the second part is weighed by w_y too, and under a soft target counts once.
//
// Source: Liu et al. 2020, arXiv 2007.00151, equation 6 and algorithm 1; lambda 3 and beta 0.7 are their values for
// CIFAR-10 (7 and 0.9 for CIFAR-100). Holding q and scaling it in t are their code's (loss.py: clamp 1e-4, divided by
// the sum), not the paper's; it keeps the logarithm above log 1e-4 and, once an answer is that sure, lets go of it.
// Traps: values may be below 0; it needs epochs: in the first, t is the row's own answer times 1 - beta. For labels of
// rows alone (classify), not for tags.
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

struct EarlyLearningOptions {
  double lambda = 3;
  double beta = 0.7;
  void visit(OptionList& list);
};

extern const LossEntry kEarlyLearning;

}  // namespace attune::losses
