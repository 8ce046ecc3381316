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
  const Split* split = headline_split(report);
  // Texts with a score are judged by their order alone.
  if (report.task == "embed" && split && !split->scores.find("ndcg_10")) return "spearman";
  return std::string(metrics::default_best_metric(report.task));
}

std::string positive_class_note(const Report& report) {
  const Split* split = headline_split(report);
  if (!split || !split->scores.find("f1") || report.labels.size() != 2) return "";
  return "F1, precision, recall, AUROC and average precision are of class \"" + report.labels[1] + "\".";
}

std::vector<std::string> threshold_notes(const Report& report) {
  std::vector<std::string> notes;
  for (const Split& split : report.splits) {
    if (!split.thresholds_chosen_here) continue;
    notes.push_back(split.name +
                    ": thresholds were chosen on these rows: the figures flatter; \"at 0.5\" is without them.");
  }
  return notes;
}

bool has_intervals(const Report& report) {
  for (const Split& split : report.splits)
    for (const metrics::Score& score : split.scores)
      if (score.interval) return true;
  return false;
}

MistakeWords mistake_words(const Report& report, const Split& split) {
  if (std::holds_alternative<metrics::RetrievalResult>(split.detail))
    return {.title = "Queries answered worst",
            .gold = "right answer",
            .predicted = "came first",
            .about = "Queries whose right answer did not come first, and where it came.",
            .probability = false};
  if (report.task == "regress")
    return {.title = "Largest errors",
            .gold = "gold",
            .predicted = "predicted",
            .about = "Rows whose predicted score is farthest from gold; some of them have a wrong score.",
            .numbers = true,
            .probability = false};
  return {.title = "Most confident mistakes",
          .gold = "gold",
          .predicted = "predicted",
          .about = "Wrong rows the model was surest of; some of them are wrong labels."};
}

std::string label_name(const std::vector<std::string>& names, int32_t index) {
  if (index < 0) return "(none)";
  const auto at = static_cast<size_t>(index);
  return at < names.size() ? names[at] : "label " + std::to_string(index);
}

}  // namespace attune::report
