// The smallest difference that matters, where nobody said another: half a point of shares and correlations, a hundredth
// of its value of a metric with a unit.
#pragma once
#include <cmath>
#include <optional>
#include <string>

#include "attune/metrics/catalog.h"

namespace attune::compare {

inline constexpr double kWorthInPoints = 0.5, kWorthAsShare = 0.01;

// In the metric's own unit. `given`: as --worth takes it, points where the metric has no unit; `reference`: a value of
// the metric.
inline double worth_of(const std::string& metric, const std::optional<double>& given, double reference) {
  if (metrics::has_unit(metric)) return given.value_or(kWorthAsShare * std::abs(reference));
  return given.value_or(kWorthInPoints) / 100;
}

}  // namespace attune::compare
