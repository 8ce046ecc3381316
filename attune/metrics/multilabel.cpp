#include "attune/metrics/multilabel.h"

#include <algorithm>
#include <cmath>

#include "attune/base/error.h"

namespace attune::metrics {
namespace {

constexpr size_t kDecisions = 12;  // names that need no ranks; they come first

}  // namespace

MultiLabelMeter::MultiLabelMeter(int labels, int64_t rows)
    : labels_(labels),
      rows_(rows),
      logits_(static_cast<size_t>(rows * labels)),
      gold_(static_cast<size_t>(rows * labels)),
      filled_(static_cast<size_t>(rows), false) {}

void MultiLabelMeter::add(int64_t row, std::span<const uint8_t> gold, std::span<const float> logits) {
  ATTUNE_CHECK(row >= 0 && row < rows_, "row {} of {}", row, rows_);
  ATTUNE_CHECK(!filled_[row], "row {} was evaluated twice", row);
  ATTUNE_CHECK(static_cast<int>(gold.size()) == labels_ && static_cast<int>(logits.size()) == labels_,
               "{} answers and {} logits for {} labels", gold.size(), logits.size(), labels_);
  for (size_t label = 0; label < logits.size(); ++label) {
    if (std::isnan(logits[label])) {
      fail(ErrorKind::numeric, "the logit of label {} in row {} of the evaluated data is NaN", label, row);
    }
  }
  std::copy(gold.begin(), gold.end(), gold_.begin() + row * labels_);
  std::copy(logits.begin(), logits.end(), logits_.begin() + row * labels_);
  filled_[row] = true;
}

void MultiLabelMeter::check_complete() const {
  for (size_t row = 0; row < filled_.size(); ++row) ATTUNE_CHECK(filled_[row], "row {} was not evaluated", row);
}

std::span<const float> MultiLabelMeter::logits() const {
  check_complete();
  return logits_;
}

std::span<const uint8_t> MultiLabelMeter::gold() const {
  check_complete();
  return gold_;
}

std::vector<float> logit_thresholds(std::span<const double> thresholds, int labels) {
  if (thresholds.empty()) return std::vector<float>(static_cast<size_t>(labels), 0.0F);
  if (static_cast<int>(thresholds.size()) != labels) {
    fail(ErrorKind::usage, "{} thresholds were given for {} labels; give one a label, in label order",
         thresholds.size(), labels);
  }
  std::vector<float> logits;
  for (const double t : thresholds) {
    if (!(t > 0 && t < 1)) fail(ErrorKind::usage, "a threshold is a probability between 0 and 1, got {}", t);
    logits.push_back(static_cast<float>(std::log(t / (1 - t))));
  }
  return logits;
}

struct MultiLabelStatistics::Sums {
  std::vector<ClassCount> counts;
  int64_t rows = 0, wrong = 0, exact = 0;
  double samples_f1 = 0;
};

MultiLabelStatistics::MultiLabelStatistics(const MultiLabelMeter& meter, std::span<const double> thresholds)
    : rows_(meter.rows()), labels_(meter.labels()), gold_(meter.gold()), all_(meter.logits(), gold_, meter.labels()) {
  names_ = {"micro_f1",        "macro_f1",     "weighted_f1",        "samples_f1",
            "subset_accuracy", "hamming_loss", "micro_precision",    "micro_recall",
            "macro_precision", "macro_recall", "weighted_precision", "weighted_recall",
            "auroc",           "auroc_micro",  "average_precision",  "average_precision_micro"};
  const std::vector<float> cut = logit_thresholds(thresholds, labels_);
  const std::span<const float> logits = meter.logits();
  predicted_.resize(logits.size());
  for (size_t i = 0; i < logits.size(); ++i) predicted_[i] = logits[i] >= cut[i % cut.size()];
  for (int label = 0; label < labels_; ++label) {
    by_label_.push_back(Ranking::of_column(logits, gold_, labels_, label));
  }
}

void MultiLabelStatistics::accumulate(std::span<const uint32_t> weights, Sums& sums) const {
  sums.counts.assign(static_cast<size_t>(labels_), {});
  for (int64_t row = 0; row < rows_; ++row) {
    const int64_t weight = weights[row];
    if (weight == 0) continue;
    int64_t both = 0, either_sum = 0, wrong = 0;
    for (int label = 0; label < labels_; ++label) {
      const bool gold = gold_[row * labels_ + label] != 0, predicted = predicted_[row * labels_ + label] != 0;
      ClassCount& count = sums.counts[label];
      count.gold += gold ? weight : 0;
      count.predicted += predicted ? weight : 0;
      count.correct += gold && predicted ? weight : 0;
      both += gold && predicted;
      either_sum += gold + predicted;
      wrong += gold != predicted;
    }
    sums.rows += weight;
    sums.wrong += weight * wrong;
    sums.exact += wrong == 0 ? weight : 0;
    if (either_sum > 0) {
      sums.samples_f1 += static_cast<double>(weight * 2 * both) / static_cast<double>(either_sum);
    }
  }
}

void MultiLabelStatistics::evaluate_decisions(std::span<const uint32_t> weights, std::span<double> values) const {
  Sums sums;
  accumulate(weights, sums);
  if (sums.rows == 0) return;
  const ClassTable table = class_table(sums.counts, MacroOver::all);
  const auto rows = static_cast<double>(sums.rows);
  const double all[] = {table.micro.f1,
                        table.macro.f1,
                        table.weighted.f1,
                        sums.samples_f1 / rows,
                        static_cast<double>(sums.exact) / rows,
                        static_cast<double>(sums.wrong) / (rows * labels_),
                        table.micro.precision,
                        table.micro.recall,
                        table.macro.precision,
                        table.macro.recall,
                        table.weighted.precision,
                        table.weighted.recall};
  static_assert(std::size(all) == kDecisions);
  std::copy(std::begin(all), std::end(all), values.begin());
}

void MultiLabelStatistics::evaluate_ranks(std::span<const uint32_t> weights, std::span<double> values) const {
  if (std::all_of(weights.begin(), weights.end(), [](uint32_t weight) { return weight == 0; })) return;
  double auroc = 0, precision = 0;
  int rankable = 0;
  for (const Ranking& ranking : by_label_) {
    const RankScores ranks = ranking.evaluate(weights);
    precision += ranks.average_precision;
    if (std::isnan(ranks.auroc)) continue;
    auroc += ranks.auroc;
    ++rankable;
  }
  const RankScores micro = all_.evaluate(weights);
  const double all[] = {rankable > 0 ? auroc / rankable : kUndefined, micro.auroc, precision / labels_,
                        micro.average_precision};
  std::copy(std::begin(all), std::end(all), values.begin() + kDecisions);
}

void MultiLabelStatistics::evaluate(std::span<const uint32_t> weights, std::span<double> values) const {
  std::fill(values.begin(), values.end(), kUndefined);
  evaluate_decisions(weights, values);
  evaluate_ranks(weights, values);
}

double MultiLabelStatistics::evaluate_one(size_t metric, std::span<const uint32_t> weights) const {
  std::vector<double> values(names_.size(), kUndefined);
  metric < kDecisions ? evaluate_decisions(weights, values) : evaluate_ranks(weights, values);
  return values[metric];
}

std::vector<ClassCount> MultiLabelStatistics::counts() const {
  Sums sums;
  accumulate(std::vector<uint32_t>(static_cast<size_t>(rows_), 1), sums);
  return sums.counts;
}

std::vector<RankScores> MultiLabelStatistics::ranks() const {
  const std::vector<uint32_t> ones(static_cast<size_t>(rows_), 1);
  std::vector<RankScores> ranks;
  for (const Ranking& ranking : by_label_) ranks.push_back(ranking.evaluate(ones));
  return ranks;
}

MultiLabelResult summarize(const MultiLabelMeter& meter, std::span<const double> thresholds,
                           const BootstrapOptions& options) {
  const MultiLabelStatistics statistics(meter, thresholds);
  MultiLabelResult result;
  result.scores = evaluate(statistics, options);
  result.table = class_table(statistics.counts(), MacroOver::all);
  result.ranks = statistics.ranks();
  result.thresholds.assign(thresholds.begin(), thresholds.end());
  result.thresholds.resize(static_cast<size_t>(meter.labels()), 0.5);
  result.rows = meter.rows();
  return result;
}

}  // namespace attune::metrics
