// CORN and CORAL: K ordered classes as K - 1 questions "is it above label k?".
//
//   corn:  outputs a_k, k < K-1;  P(y > k | y >= k) = sigmoid(a_k)
//          cost = sum_{k <= y, k < K-1} ( [y > k] softplus(-a_k) + [y = k] softplus(a_k) )
//          denominator = sum_i u_i (questions asked of item i)
//          Shi, Cao & Raschka 2021, arXiv 2111.08851, equation 6. Their code averages over the questions asked, too.
//   coral: one output g and biases b_k of the loss's own;  P(y > k) = sigmoid(g + b_k)
//          cost = sum_k ( [y > k] softplus(-(g + b_k)) + [y <= k] softplus(g + b_k) )
//          denominator = sum_i u_i w_{y_i}      (their code: items)
//          b begins at 0 and learns `rate` times as fast as the model: thresholds some units apart are needed, which a
//          rate of 1e-4 does not reach in a fine-tuning (measured: SST-5, 3 epochs, accuracy 0.29 with rate 1)
//          Cao, Mirjalili & Raschka 2020, arXiv 1901.07884, equation 4, without its task weights.
//
// The order is the labels' own (--labels). Both read the last layer with a link (link.h): corn as the log of
// P(y = k) = prod_{j<k} sigmoid(a_j) (1 - sigmoid(a_k)); coral as the log of sigmoid(g + b_{k-1}) - sigmoid(g + b_k),
// where biases out of order would make that negative it is taken as the smallest number above 0. The answer is the most
// probable label (the authors count the questions answered yes: the median). Class weights multiply an item's cost and
// count in the denominator. Temperature and label smoothing are not offered: neither has outputs one a label.
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

struct LevelOptions {
  std::string weights = "none";
  void visit(OptionList& list);
};
struct CoralOptions {
  LevelOptions shared;
  double rate = 100;
  void visit(OptionList& list);
};

extern const LossEntry kCorn;
extern const LossEntry kCoral;

}  // namespace attune::losses
