#include "attune/selection/metric.h"

#include <algorithm>

#include "attune/base/error.h"
#include "attune/base/suggest.h"
#include "attune/compare/judged_run.h"
#include "attune/metrics/at_precision.h"
#include "attune/metrics/catalog.h"

namespace attune::selection {

std::string chosen_metric(const std::string& named, const tasks::Task& task) {
  if (named.empty()) return std::string(metrics::default_best_metric(task.name));
  metrics::metric_info(named);
  if (metrics::is_at_precision(named)) metrics::at_precision_of(named);
  if (metrics::has_arguments(named) && task.kind == tasks::TaskKind::classify) return named;
  std::vector<std::string> names = metrics::metric_names(task.name);
  std::erase(names, "loss");
  if (named == "loss")
    fail(ErrorKind::usage, "--metric loss: every loss would be judged by a measure of its own; choose one of: {}",
         fmt::join(names, ", "));
  if (std::find(names.begin(), names.end(), named) == names.end())
    fail(ErrorKind::usage, "--metric {}: the task {} does not have it{}; it has {}", named, task.name,
         did_you_mean(named, names), fmt::join(names, ", "));
  return named;
}

void check_metric(const std::string& metric, const tasks::Task& task, const data::Labels& labels) {
  if (task.kind != tasks::TaskKind::classify || labels.size() < 2) return;
  const auto judged = compare::judged_run({.path = {}, .kind = task.data, .rows = {}}, labels, metric);
  const auto& names = judged->statistics().names();
  if (std::find(names.begin(), names.end(), metric) == names.end())
    fail(ErrorKind::usage, "--metric {} ({}): with these {} labels it has no value; those that have one: {}", metric,
         metrics::metric_info(metric).help, labels.size(), fmt::join(names, ", "));
}

}  // namespace attune::selection
