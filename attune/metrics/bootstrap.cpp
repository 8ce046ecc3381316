#include "attune/metrics/bootstrap.h"

#include <algorithm>

#include "attune/base/error.h"
#include "attune/base/rng.h"

namespace attune::metrics {

void draw_weights(uint64_t seed, int draw, std::span<uint32_t> weights) {
  std::fill(weights.begin(), weights.end(), 0U);
  const uint64_t key = mix_key(mix_key(seed, kBootstrapStream), static_cast<uint64_t>(draw));
  const auto units = static_cast<uint32_t>(weights.size());
  for (uint32_t i = 0; i < units; ++i) ++weights[random_below(key, i, units)];
}

double quantile(std::span<double> values, double q) {
  if (values.empty()) return kUndefined;
  const double place = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<size_t>(place);
  std::nth_element(values.begin(), values.begin() + below, values.end());
  const double low = values[below];
  if (below + 1 == values.size()) return low;
  const double high = *std::min_element(values.begin() + below + 1, values.end());
  return low + (high - low) * (place - static_cast<double>(below));
}

std::vector<Interval> bootstrap_intervals(const Statistics& statistics, const BootstrapOptions& options) {
  const size_t metrics = statistics.names().size();
  std::vector<Interval> intervals(metrics);
  if (statistics.units() == 0 || options.draws <= 0) return intervals;

  std::vector<uint32_t> weights(static_cast<size_t>(statistics.units()));
  std::vector<double> values(metrics);
  std::vector<std::vector<double>> by_metric(metrics);
  for (int draw = 0; draw < options.draws; ++draw) {
    draw_weights(options.seed, draw, weights);
    statistics.evaluate(weights, values);
    for (size_t m = 0; m < metrics; ++m) {
      if (!std::isnan(values[m])) by_metric[m].push_back(values[m]);
    }
  }

  const double tail = (1 - options.level) / 2;
  for (size_t m = 0; m < metrics; ++m) {
    if (2 * by_metric[m].size() < static_cast<size_t>(options.draws)) continue;
    intervals[m] = {quantile(by_metric[m], tail), quantile(by_metric[m], 1 - tail)};
  }
  return intervals;
}

namespace {

class Difference : public Statistics {
 public:
  Difference(std::span<const uint8_t> a, std::span<const uint8_t> b) : a_(a), b_(b) {}
  const std::vector<std::string>& names() const override { return names_; }
  int64_t units() const override { return static_cast<int64_t>(a_.size()); }
  void evaluate(std::span<const uint32_t> weights, std::span<double> values) const override {
    int64_t sum = 0, total = 0;
    for (size_t i = 0; i < a_.size(); ++i) {
      sum += static_cast<int64_t>(weights[i]) * (static_cast<int>(a_[i]) - static_cast<int>(b_[i]));
      total += weights[i];
    }
    values[0] = total ? static_cast<double>(sum) / static_cast<double>(total) : kUndefined;
  }

 private:
  std::span<const uint8_t> a_, b_;
  std::vector<std::string> names_ = {"accuracy"};
};

}  // namespace

PairedDifference paired_difference(std::span<const uint8_t> a, std::span<const uint8_t> b,
                                   const BootstrapOptions& options) {
  ATTUNE_CHECK(a.size() == b.size(), "two systems were judged on {} and {} rows", a.size(), b.size());
  const Difference statistic(a, b);
  PairedDifference result;
  const std::vector<uint32_t> ones(a.size(), 1);
  statistic.evaluate(ones, std::span(&result.difference, 1));
  result.interval = bootstrap_intervals(statistic, options)[0];
  return result;
}

}  // namespace attune::metrics
