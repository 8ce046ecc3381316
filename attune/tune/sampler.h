// Proposes the next point of a search from what was tried.
//
// Tree-structured Parzen estimator: the tried points are split into good and bad ones; of 24 candidates drawn from the
// density l of the good the one of largest l(x) / g(x) is taken, g being the density of the bad (parzen.h). Group by
// group (space.h): first the dimensions that always exist, together; then those of each chosen alternative, from the
// points at which it was chosen.
//
//   good          the best min(ceil(0.1 n), 25) of n points (Watanabe 2023, arXiv 2304.11127, compares such rules)
//   bad           the rest; failed ones; pending ones, so that several processes do not all go to one place
//   start-up      until 10 points have a value (failed ones do not count): a Latin hypercube (McKay, Beckman, Conover
//                 1979) over ten consecutive numbers, so that each tenth of each range is drawn once in ten
//   fidelities    values compare at one fidelity: the highest at which `startup` points have a value, else the one with
//                 most. A point with lower ones alone was left behind there and is bad, unless it is among the best
//                 tenth of its fidelity: that one may be on the way up, and is left out. So is one with higher ones
//                 alone.
//   seen before   a point that was tried or is pending is not proposed again while another is found
//
// Source: Bergstra, Bardenet, Bengio, Kegl 2011 (NeurIPS); Watanabe 2023. The highest fidelity with enough points is
// Falkner, Klein, Hutter 2018 (BOHB), arXiv 1807.01774. Deviations: the split is made anew within each group, so that
// the best of a rare alternative count as good there; weights are equal, since the history has no order here.
//
// A proposal is a function of seed, number, the history as a set, and the pending points as a set. It reads no clock.
#pragma once
#include <cstdint>
#include <span>

#include "attune/tune/space.h"

namespace attune::tune {

enum class Method { tpe, random };

struct SamplerOptions {
  uint64_t seed = 0;
  Method method = Method::tpe;
  int startup = 10;     // at least 1
  int candidates = 24;  // at least 1
};

// `number`: of the trial, from 0; two proposals of one study have two numbers. Trials of points that are not in the
// space are held to it. Errors (internal): options below their bounds, a negative number.
Point propose(const Space& space, std::span<const Trial> finished, std::span<const Point> pending, int64_t number,
              const SamplerOptions& options);

// The point of that number of pure random search.
Point random_point(const Space& space, int64_t number, uint64_t seed);

}  // namespace attune::tune
