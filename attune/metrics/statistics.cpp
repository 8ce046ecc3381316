#include "attune/metrics/statistics.h"

#include "attune/metrics/bootstrap.h"
#include "attune/metrics/catalog.h"

namespace attune::metrics {

double Statistics::evaluate_one(size_t metric, std::span<const uint32_t> weights) const {
  std::vector<double> values(names().size());
  evaluate(weights, values);
  return values[metric];
}

Scores evaluate(const Statistics& statistics, const BootstrapOptions& options) {
  const std::vector<std::string>& names = statistics.names();
  const std::vector<uint32_t> ones(static_cast<size_t>(statistics.units()), 1);
  std::vector<double> values(names.size(), kUndefined);
  statistics.evaluate(ones, values);

  std::vector<Interval> intervals;
  if (options.draws > 0) intervals = bootstrap_intervals(statistics, options);

  Scores scores;
  for (size_t i = 0; i < names.size(); ++i) {
    Score score{.name = names[i], .value = values[i]};
    if (!score.defined()) {
      score.note = statistics.units() == 0 ? "there are no rows" : std::string(metric_info(names[i]).undefined);
    } else if (!intervals.empty() && intervals[i].defined()) {
      score.interval = intervals[i];
    }
    scores.set(std::move(score));
  }
  return scores;
}

}  // namespace attune::metrics
