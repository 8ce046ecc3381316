// Squared error on raw logits, as a loss of classes.
//
//   cost(z, y) = (1/K) [ k (z_y - m)^2 + sum_{c != y} z_c^2 ];   d/dz_y = 2 k (z_y - m) / K,  d/dz_c = 2 z_c / K
//
// Denominator: class weights of the targets. Source: Hui & Belkin 2021, arXiv 2006.07322, section 3 (k = m = 1) and its
// rescaling for many classes (from about 42 on: the paper has k 1 and m 15 or 30 for language tasks, up to k 15 and m
// 30 for ImageNet). Traps: soft-max of these logits is no probability (with m = 1 it is nearly flat): rank by it, do
// not threshold it. No shift invariance.
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

struct SquareOptions {
  double k = 1, m = 1;
  void visit(OptionList& list);
};

extern const LossEntry kSquare;

}  // namespace attune::losses
