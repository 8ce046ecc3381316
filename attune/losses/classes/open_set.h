// Entropic open-set loss: rows of one class are examples of what belongs to none of the others, and teach the model to
// be unsure.
//
//   cost(z, y) = -log p_y                          of a known class
//              = -1/C sum_c log p_c                of the class that `unknown` names
//   p = softmax(z) over the C = K - 1 known classes;   d cost / dz = p - onehot(y), or p - 1/C
//
// outputs z [n, C]. A link (link.h) reads them: logits are log p_c of the known classes and log `threshold` for the
// unknown one, so that it is the answer where no known class is more probable than that; its probability, threshold /
// (1 + threshold), is the same for every row and means nothing beyond the answer. Denominator: class weights of the
// targets (1 each without). `weights` have one for each of the K labels.
//
// Source: Dhamija, Guenther & Boult 2018, arXiv 1811.04110, equation 1. Their objectosphere loss (eq. 2), which draws
// the lengths of features apart as well, is not here. threshold 0.5 is attune's: a known class must be more probable
// than all others together; the paper reads the whole curve over thresholds, so choose it on held-out rows. Errors
// (usage): no label of that name; fewer than two known classes. Traps: what teaches is the unknown rows of the
// training data; texts of other kinds may still get sure answers. Soft targets are not offered.
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

struct OpenSetOptions {
  std::string unknown = "oos";
  double threshold = 0.5;
  std::string weights = "none";
  void visit(OptionList& list);
};

extern const LossEntry kOpenSet;

}  // namespace attune::losses
