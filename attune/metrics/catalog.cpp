#include "attune/metrics/catalog.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "attune/base/error.h"
#include "attune/base/suggest.h"
#include "attune/metrics/at_precision.h"
#include "attune/metrics/costs.h"

namespace attune::metrics {
namespace {

constexpr std::string_view kNoRows = "there are no rows";
constexpr std::string_view kOneClass = "gold holds one class only, so there is nothing to rank";
constexpr std::string_view kConstant = "gold or the predictions are constant (or fewer than two rows)";
constexpr std::string_view kNoTags = "no label is an entity tag (B-, I-, E- or S-)";
constexpr std::string_view kNoGrades =
    "labels are no grades (numbers in rising order, or a loss that reads their order), or there is one alone";
constexpr std::string_view kNoQueries = "there are no queries";
constexpr Better kHigher = Better::higher, kLower = Better::lower;

constexpr MetricInfo kMetrics[] = {
    {"accuracy", kHigher, "classify", "share of rows whose predicted class is the gold one", kNoRows},
    {"auroc", kHigher, "classify multilabel",
     "area under the ROC curve: of class 1 (two classes); mean over the labels that have both answers (multi-label)",
     kOneClass},
    {"auroc_micro", kHigher, "multilabel", "area under the ROC curve of all (row, label) pairs together", kOneClass},
    {"average_precision", kHigher, "classify multilabel",
     "area under the precision-recall steps: of class 1 (two classes); mean over labels (multi-label)", kNoRows},
    {"average_precision_micro", kHigher, "multilabel", "average precision of all (row, label) pairs together", kNoRows},
    {"cost", kLower, "", "mean price of the answers, by a matrix of prices: cost([[0, 10], [1, 0]])", kNoRows},
    {"coverage_at_precision", kHigher, "",
     "largest share of rows that the surest answers may cover at a precision: coverage_at_precision(0.95)", kNoRows},
    {"ece", kLower, "classify", "expected calibration error: 15 equal bins of the top probability", kNoRows},
    {"entity_f1", kHigher, "tag", "micro F1 of entities, read as conlleval and seqeval's default do", kNoTags},
    {"entity_f1_strict", kHigher, "tag", "micro F1 of entities, strict IOB2: only B- opens one", kNoTags},
    {"entity_macro_f1", kHigher, "tag", "F1 of entities, unweighted mean over their types", kNoTags},
    {"entity_precision", kHigher, "tag", "share of predicted entities that are right", kNoTags},
    {"entity_recall", kHigher, "tag", "share of gold entities that were found", kNoTags},
    {"f1", kHigher, "classify", "F1 of class 1 (two classes)", kNoRows},
    {"hamming_loss", kLower, "multilabel", "share of (row, label) answers that are wrong", kNoRows},
    {"label_mae", kLower, "classify", "mean distance of predicted and gold label, where labels are grades in order",
     kNoGrades},
    {"log_loss", kLower, "classify", "mean of -log(probability of the gold class), natural logarithm", kNoRows},
    {"loss", kLower, "classify multilabel regress tag embed", "the training objective on this data, without dropout",
     kNoRows},
    {"macro_f1", kHigher, "classify multilabel",
     "unweighted mean of F1: over the classes in gold or predictions; over all labels (multi-label)", kNoRows},
    {"macro_precision", kHigher, "classify multilabel", "unweighted mean of precision over the same classes", kNoRows},
    {"macro_recall", kHigher, "classify multilabel", "unweighted mean of recall over the same classes", kNoRows},
    {"mae", kLower, "regress", "mean absolute error", kNoRows},
    {"map", kHigher, "embed",
     "mean over queries of the average precision at their relevant documents, over the whole order", kNoQueries},
    {"mcc", kHigher, "classify", "Matthews correlation, any number of classes; 0 where a side is constant", kNoRows},
    {"micro_f1", kHigher, "classify multilabel", "F1 of all decisions together (single-label: equals accuracy)",
     kNoRows},
    {"micro_precision", kHigher, "multilabel", "precision of all (row, label) decisions together", kNoRows},
    {"micro_recall", kHigher, "multilabel", "recall of all (row, label) decisions together", kNoRows},
    {"mrr", kHigher, "embed", "mean over queries of 1 / rank of the first relevant document", kNoQueries},
    {"mrr_10", kHigher, "embed", "the same, 0 where that rank is beyond 10", kNoQueries},
    {"mse", kLower, "regress", "mean squared error", kNoRows},
    {"ndcg_10", kHigher, "embed",
     "gain of the first 10 documents, discounted by rank, as a share of the best order's; mean over queries",
     kNoQueries},
    {"pearson", kHigher, "regress embed", "Pearson's correlation", kConstant},
    {"precision", kHigher, "classify", "precision of class 1 (two classes)", kNoRows},
    {"quadratic_kappa", kHigher, "classify",
     "Cohen's kappa with quadratic weights (QWK), where labels are grades in order", kNoGrades},
    {"r2", kHigher, "regress", "1 - squared error / squared deviation of gold; constant gold: 1 if perfect, else 0",
     "fewer than two rows"},
    {"recall", kHigher, "classify", "recall of class 1 (two classes)", kNoRows},
    {"recall_1", kHigher, "embed", "share of a query's relevant documents that stand first; mean over queries",
     kNoQueries},
    {"recall_10", kHigher, "embed", "share of them among the first 10", kNoQueries},
    {"recall_5", kHigher, "embed", "share of them among the first 5", kNoQueries},
    {"recall_at_precision", kHigher, "",
     "largest recall of a class at a precision: recall_at_precision(0.95), of two classes the second, or (0.95, LABEL)",
     "no row is of that class"},
    {"rmse", kLower, "regress", "root of the mean squared error", kNoRows},
    {"samples_f1", kHigher, "multilabel", "F1 of each row's label set, mean over rows (0 where both are empty)",
     kNoRows},
    {"spearman", kHigher, "regress embed", "Pearson's correlation of average ranks", kConstant},
    {"subset_accuracy", kHigher, "multilabel", "share of rows whose label set is exactly the gold one", kNoRows},
    {"token_accuracy", kHigher, "tag", "share of words whose label is right, O included", kNoRows},
    {"token_macro_f1", kHigher, "tag", "unweighted mean of F1 over the word labels present, O included", kNoRows},
    {"token_weighted_f1", kHigher, "tag",
     "mean of F1 over word labels weighted by their words, O included (the article's headline)", kNoRows},
    {"weighted_f1", kHigher, "classify multilabel", "mean of F1 weighted by the gold count of each class", kNoRows},
    {"weighted_precision", kHigher, "classify multilabel", "mean of precision weighted the same way", kNoRows},
    {"weighted_recall", kHigher, "classify multilabel", "mean of recall weighted the same way", kNoRows},
};

bool reports(const MetricInfo& info, std::string_view task) {
  const size_t at = info.tasks.find(task);
  if (task.empty() || at == std::string_view::npos) return false;
  const size_t end = at + task.size();
  return (at == 0 || info.tasks[at - 1] == ' ') && (end == info.tasks.size() || info.tasks[end] == ' ');
}

}  // namespace

std::span<const MetricInfo> known_metrics() {
  return kMetrics;
}

const MetricInfo& metric_info(std::string_view name) {
  if (name == "cost") costs_of(name);  // says what is missing
  if (name == "recall_at_precision" || name == "coverage_at_precision") at_precision_of(name);
  const std::string_view known = has_arguments(name) ? name.substr(0, name.find('(')) : name;
  for (const MetricInfo& info : kMetrics) {
    if (info.name == known) return info;
  }
  std::vector<std::string> names;
  for (const MetricInfo& info : kMetrics) names.emplace_back(info.name);
  fail(ErrorKind::usage, "unknown metric '{}'{}; known are: {}", name, did_you_mean(name, names),
       fmt::join(names, ", "));
}

std::vector<std::string> metric_names(std::string_view task) {
  std::vector<std::string> names;
  for (const MetricInfo& info : kMetrics) {
    if (reports(info, task)) names.emplace_back(info.name);
  }
  return names;
}

bool is_better(std::string_view name, double candidate, double best) {
  const Better better = metric_info(name).better;
  if (std::isnan(candidate)) return false;
  if (std::isnan(best)) return true;
  return better == Better::higher ? candidate > best : candidate < best;
}

bool has_arguments(std::string_view name) {
  return is_cost(name) || is_at_precision(name);
}

bool reads_probabilities(std::string_view name) {
  if (is_at_precision(name)) return true;
  constexpr std::string_view kThey[] = {"auroc",    "auroc_micro", "average_precision", "average_precision_micro",
                                        "log_loss", "ece"};
  return std::find(std::begin(kThey), std::end(kThey), name) != std::end(kThey);
}

bool has_unit(std::string_view name) {
  constexpr std::string_view kThey[] = {"label_mae", "log_loss", "loss", "mae", "mse", "rmse"};
  return is_cost(name) || std::find(std::begin(kThey), std::end(kThey), name) != std::end(kThey);
}

std::string_view default_best_metric(std::string_view task) {
  if (task == "classify") return "accuracy";
  if (task == "multilabel") return "micro_f1";
  if (task == "regress") return "spearman";
  if (task == "tag") return "entity_f1";
  if (task == "embed") return "ndcg_10";
  return "loss";
}

}  // namespace attune::metrics
