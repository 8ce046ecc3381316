#include "attune/tune/median_rule.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace attune::tune {
namespace {

constexpr double kWorst = -std::numeric_limits<double>::infinity();

double held(double value) {
  return std::isfinite(value) ? value : kWorst;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  // Two of minus infinity have a mean of minus infinity; of one such and a number as well.
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

}  // namespace

bool is_hopeless(const Curve& curve, std::span<const Curve> others, const MedianRuleOptions& options) {
  if (curve.empty() || curve.back().progress < options.least_progress) return false;
  const double now = curve.back().progress;
  double best = kWorst;
  for (const CurvePoint& point : curve) best = std::max(best, held(point.value));
  std::vector<double> means;
  for (const Curve& other : others) {
    if (other.empty() || other.back().progress < now) continue;
    double sum = 0, count = 0;
    for (const CurvePoint& point : other)
      if (point.progress <= now) sum += held(point.value), ++count;
    if (count > 0) means.push_back(sum / count);
  }
  if (means.size() < static_cast<size_t>(std::max(options.least_others, 1))) return false;
  return best < median(std::move(means));
}

}  // namespace attune::tune
