// Binary cross-entropy on logits, label by label.
//
//   item_i = sum_c [ q_c y_ic softplus(-z_ic) + (1 - y_ic) softplus(z_ic) ]      (both terms: a negative costs too)
//   denominator = sum_i u_i * (number of labels of item i that are known)
//
// logits [n, K], targets.values [n, K] in [0, 1], negative where unknown. Gradient (q = 1): sigmoid(z) - y. The mean
// over all values is Hugging Face's; its K multiplies into the step size, which Adam forgives and SGD does not.
#pragma once
#include "attune/losses/loss.h"

namespace attune::losses {

struct BinaryCrossEntropyOptions {
  std::vector<double> positive_weights = {};  // q [K], or empty: all 1
};

std::unique_ptr<Loss> make_binary_cross_entropy(BinaryCrossEntropyOptions options);

}  // namespace attune::losses
