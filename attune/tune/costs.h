// How long a run takes, from those that have ended: seconds = fixed + per_share * share.
//
// Both are at least 0 and minimise  sum of ((t_i - fixed - per_share * share_i) / e_i)^2,  e_i what was expected of
// that share before anything ran; two points of what was expected, at shares 1 and 0.1, count as a quarter of a run
// each, so that the first run already moves it most of the way. spread: the relative deviation of a run,
//
//   spread^2 = (2 expected_spread^2 + sum of (t_i / seconds(share_i) - 1)^2) / (2 + n)
//
// and what a run may be over: margin = 2.5 spread sqrt(1 + 1/n), that of one more from a mean of n; 2.5 spread where n
// = 0.
#pragma once
#include <span>

namespace attune::tune {

struct Costs {
  double fixed = 0;      // seconds
  double per_share = 0;  // seconds of a full run beyond it
  double spread = 0.2;
  double margin = 0.5;
  double seconds(double share) const { return fixed + per_share * share; }
};

struct MeasuredRun {
  double share, seconds;
};

// `expected`: before anything ran (its margin is not read); seconds(1) above 0. Sums do not follow the order of `runs`.
Costs fit_costs(const Costs& expected, std::span<const MeasuredRun> runs);

}  // namespace attune::tune
