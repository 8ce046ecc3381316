// Soft-max cross-entropy with class weights and label smoothing.
//
//   item_i = (1-e) w_y (-log p_iy) + e/K sum_c w_c (-log p_ic),   p_i = softmax(z_i)
//   denominator = sum_i u_i w_{y_i} over items that are not ignored
//
// logits [n, K], targets.classes [n] in [0, K) or kIgnored. Gradient (w = 1, e = 0): p_i - onehot(y_i). With class
// weights the mean divides by the weights of the targets, as PyTorch's does; with smoothing PyTorch divides by the same
// sum. Label smoothing: Szegedy et al. 2016, arXiv 1512.00567, section 7. Edge: no valid item: sum 0, denominator 0;
// nothing is learned from it and the trainer says so.
#pragma once
#include "attune/losses/loss.h"

namespace attune::losses {

struct CrossEntropyOptions {
  std::vector<double> class_weights = {};  // [K] or empty: all 1
  double label_smoothing = 0;              // e in [0, 1)
};

std::unique_ptr<Loss> make_cross_entropy(CrossEntropyOptions options);

}  // namespace attune::losses
