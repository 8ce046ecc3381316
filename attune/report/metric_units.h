// Differences of a metric as people read them: in points for shares and correlations, else in the metric's own unit.
#pragma once
#include <string>

namespace attune::report {

class MetricUnits {
 public:
  explicit MetricUnits(const std::string& metric);
  bool points() const { return points_; }
  double scale() const { return points_ ? 100 : 1; }  // what a value is multiplied by to be shown
  std::string number(double difference) const;        // "+0.42", without the unit; "-" for NaN
  std::string amount(double difference) const;        // "0.42 points", "0.00438"
  std::string value(double value) const;              // "0.8238": a value of the metric, never in points

 private:
  bool points_;
};

}  // namespace attune::report
