// Whether a run that is under way is hopeless, by what others had reached at the same place.
//
//   stop at progress s  if  max of its values up to s  <  median over others of (mean of their values up to s)
//
// Source: Golovin et al. 2017, Google Vizier (KDD), section 3.2.2. Curves are of one rung: complete trainings of one
// length, whose schedules are at the same place at the same progress.
#pragma once
#include <span>
#include <vector>

namespace attune::tune {

struct CurvePoint {
  double progress;  // share of the run's steps, in (0, 1]
  double value;     // to maximise; not finite: as bad as can be
};
using Curve = std::vector<CurvePoint>;  // ascending by progress

struct MedianRuleOptions {
  int least_others = 5;         // that have reached the progress; with fewer nothing is hopeless
  double least_progress = 0.3;  // before it nothing is: warm-up says little
};

// `others`: of runs of the same rung that were not stopped, in any order. An empty curve is not hopeless.
bool is_hopeless(const Curve& curve, std::span<const Curve> others, const MedianRuleOptions& options = {});

}  // namespace attune::tune
