// Every metric attune knows, by the name used in report.json, metrics.jsonl and `--best-metric`.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace attune::metrics {

enum class Better { higher, lower };

struct MetricInfo {
  std::string_view name;
  Better better;
  std::string_view tasks;      // "classify multilabel regress tag embed": those that report it
  std::string_view help;       // one line
  std::string_view undefined;  // when the value is null
};

// One line an entry, sorted by name.
std::span<const MetricInfo> known_metrics();

// Errors (usage): unknown name, suggests the nearest; one with arguments (costs.h, at_precision.h) that lacks them.
const MetricInfo& metric_info(std::string_view name);

// The names that `task` reports, in the list's order.
std::vector<std::string> metric_names(std::string_view task);

// True where `candidate` is strictly better than `best` in the metric's direction. NaN is never better, and any
// number is better than NaN. Errors as metric_info.
bool is_better(std::string_view name, double candidate, double best);

// Whether it reads probabilities of classes or labels, not decisions alone.
bool reads_probabilities(std::string_view name);
// Whether it is written with arguments of its own (prices, a precision): no report has it, it is told from answers.
bool has_arguments(std::string_view name);
// Whether its values have a unit or no bound (errors, log loss), unlike shares and correlations, whose hundredths are
// points.
bool has_unit(std::string_view name);

// What `--best-metric` means where it was not said: accuracy, micro_f1, spearman, entity_f1, ndcg_10 (embeddings that
// are judged by scored pairs have no order of documents: the caller takes spearman there); "loss" for other tasks.
std::string_view default_best_metric(std::string_view task);

}  // namespace attune::metrics
