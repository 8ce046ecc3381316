#include "attune/report/report.h"

#include "attune/metrics/catalog.h"

namespace attune::report {

const Split* headline_split(const Report& report) {
  for (const Split& split : report.splits) {
    if (split.name == "test") return &split;
  }
  return report.splits.empty() ? nullptr : &report.splits.back();
}

std::string headline_metric(const Report& report) {
  if (!report.headline_metric.empty()) return report.headline_metric;
  return std::string(metrics::default_best_metric(report.task));
}

std::string positive_class_note(const Report& report) {
  const Split* split = headline_split(report);
  if (!split || !split->scores.find("f1") || report.labels.size() != 2) return "";
  return "F1, precision, recall, AUROC and average precision are of class \"" + report.labels[1] + "\".";
}

std::string label_name(const std::vector<std::string>& names, int32_t index) {
  if (index < 0) return "(none)";
  const auto at = static_cast<size_t>(index);
  return at < names.size() ? names[at] : "label " + std::to_string(index);
}

}  // namespace attune::report
