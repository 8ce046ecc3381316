// What mattered: how much of the variation of the value over the space each dimension explains by itself.
//
// A random forest (forest.h) is fitted on the trials; over each tree's leaves l (value v_l, share of the prior W_l, its
// part along the dimensions U w_lU) with v centred on the tree's mean,
//
//   V     = sum over l of W_l v_l^2
//   A(U)  = sum over l, m of  v_l v_m (W_l / w_lU) (W_m / w_mU) common_U(l, m)      variance of the marginal over U
//   share of d = A(d) / V,     of a pair = (A(d, e) - A(d) - A(e)) / V
//
// and a share is the mean over trees. Dimensions that exist only under an alternative are taken apart there: W, V and A
// are those of the part of the space where it is chosen, and shares are of the variation within it.
//
// Intervals are mean +- 1.96 s, shares held to [0, 1]: s^2 = variance over the trees / trees + variance over forests
// that were fitted on bootstraps of the trials. They say how firmly the trials fix the number, not how well trees can
// follow the truth: effects are smoothed, small ones too much.
//
// With few trials, or where a forest predicts the trials that it did not see (out of bag) no better than their mean
// (R^2 <= 0, or not beyond what it reaches on values dealt out at random, 19 times: 1 chance in 20), nothing is told.
//
// Source: Hutter, Hoos, Leyton-Brown 2014 (ICML, functional ANOVA). A(U) as a sum over pairs of leaves, the conditional
// form and the random deal are attune's own.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "attune/tune/space.h"

namespace attune::tune {

struct ImportanceOptions {
  uint64_t seed = 0;
  int trees = 64;
  int bootstraps = 24;  // forests of a quarter of the trees
  int least_trials = 10;
  bool pairs = false;
  int curve_points = 16;  // of a real range, and at most of others' numbers; alternatives are all there
};

struct Share {
  std::vector<std::string> dimensions;  // one, or two of a pair
  double share = 0, low = 0, high = 0;
  double exists = 1;  // the share of the prior where the dimensions exist
};

struct Marginal {
  Value at;
  double mean = 0, low = 0, high = 0;  // of the value, everything else drawn from the prior
};
struct MarginalCurve {
  std::string dimension;
  std::vector<Marginal> points;  // ascending; alternatives in their order
};

struct Importance {
  std::string too_little = {};             // why nothing is told; empty: it is
  int trials = 0;                          // that were looked at
  double fidelity = 1;                     // of them
  double r2 = 0;                           // out of bag
  std::vector<Share> shares = {};          // largest first; fixed dimensions have none
  std::vector<Share> pairs = {};           // likewise, of dimensions that exist together
  std::vector<MarginalCurve> curves = {};  // in the space's order
};

// Looks at the fidelity at which most trials have a value (of several the highest), since values compare within one
// only; failed ones and points outside the space are left out. The order of the trials is nothing.
Importance importance(const Space& space, std::span<const Trial> trials, const ImportanceOptions& options = {});

}  // namespace attune::tune
