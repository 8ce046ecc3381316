// Label-distribution-aware margins: the rarer a class, the further it must win.
//
//   cost(z, y) = -log softmax(z - S delta_y onehot(y))_y,   delta_c = M (n_least / n_c)^{1/4}
//   d cost / dz = softmax(z - S delta_y onehot(y)) - onehot(y)
//
// n_c: training items of class c, n_least the fewest of a class that occurs; so M (`max_margin`) is the largest margin,
// and C = M n_least^{1/4} the paper's constant. A class that never occurs has the margin M. Denominator: class weights
// of the targets, as cross-entropy's (shared/class_loss.h).
//
// head=cosine (the paper's): z_k = S cos(w_k, x), without a bias: the model's last layer is then made so (Loss::
// cosine_head), margins are cosines, and S (`scale`) is 30. head=linear: z = W x + b as ever, margins are logits, and S
// is 1 unless told: 30 margins of 0.5 would ask an ordinary layer for logits 15 apart. Either way the margin stands in
// training's cost alone, and the soft-max of z is what the model answers. A temperature divides z, not the margins.
//
// Source: Cao et al. 2019, arXiv 1906.07413, equations 12 and 13; M 0.5 and S 30 are their code's. They re-weight late
// (section 4, DRW): "ldam(weights=effective(0.9999)) after 80%" in the loss language. Their code gives the margin to
// logits before S and a weight by class to the mean, whose denominator is PyTorch's and attune's. Traps: probabilities
// of cosines are no sharper than S allows: the most that K classes can reach is 1 / (1 + (K - 1) e^{-2S}).
#pragma once
#include <optional>

#include "attune/losses/entry.h"

namespace attune::losses {

struct LdamOptions {
  double max_margin = 0.5;
  std::string head = "cosine";
  std::optional<double> scale = {};
  void visit(OptionList& list);
};

extern const LossEntry kLdam;

}  // namespace attune::losses
