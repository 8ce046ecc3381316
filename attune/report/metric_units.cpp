#include "attune/report/metric_units.h"

#include <cmath>
#include <fmt/format.h>

#include "attune/metrics/catalog.h"

namespace attune::report {

MetricUnits::MetricUnits(const std::string& metric) : points_(!metrics::has_unit(metric)) {}

std::string MetricUnits::number(double difference) const {
  return std::isnan(difference) ? "-" : fmt::format("{:+.{}f}", scale() * difference, points_ ? 2 : 4);
}

std::string MetricUnits::amount(double difference) const {
  return points_ ? fmt::format("{:.3g} points", scale() * difference) : fmt::format("{:.3g}", difference);
}

std::string MetricUnits::value(double value) const {
  return std::isnan(value) ? "-" : fmt::format("{:.4f}", value);
}

}  // namespace attune::report
