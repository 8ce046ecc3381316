// Losses of a single score that are a function of the residual r = z - y.
//
//   mae       |r|                                    slope sign(r), 0 at r = 0
//   huber     r^2/2 where |r| <= delta, else delta (|r| - delta/2)                   Huber 1964, equation 2
//   quantile  max(tau (y - z), (tau - 1)(y - z)): z becomes the tau quantile         Koenker & Bassett 1978
//   log_cosh  log cosh r = |r| + log1p(exp(-2|r|)) - log 2, finite for any r
//
// Denominator: weights of the items whose target is known (NaN: unknown). delta 1 is PyTorch's; tau 0.5 is half of mae.
// Scores of another scale than 1 want another delta, or scaled targets.
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

struct HuberOptions {
  double delta = 1;
  void visit(OptionList& list);
};
struct QuantileOptions {
  double tau = 0.5;
  void visit(OptionList& list);
};

extern const LossEntry kHuber;
extern const LossEntry kLogCosh;
extern const LossEntry kMae;
extern const LossEntry kQuantile;

}  // namespace attune::losses
