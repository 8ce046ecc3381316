// Metrics of multi-label classification: every row has any number of L labels. A row leaves L scores (f32) and L
// gold bits; rank metrics need exactly those, and nothing else is kept.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "attune/metrics/class_counts.h"
#include "attune/metrics/ranking.h"
#include "attune/metrics/statistics.h"

namespace attune::metrics {

// Gold and logits of all rows, row-major [rows, labels].
class MultiLabelMeter {
 public:
  MultiLabelMeter(int labels, int64_t rows);
  // gold [L] of 0/1, logits [L]. Errors (numeric): a logit is NaN, names row and label; (internal): sizes, row given
  // twice or out of range.
  void add(int64_t row, std::span<const uint8_t> gold, std::span<const float> logits);

  int labels() const { return labels_; }
  int64_t rows() const { return rows_; }
  // Errors (internal): a row is missing.
  std::span<const float> logits() const;
  std::span<const uint8_t> gold() const;

 private:
  void check_complete() const;
  int labels_;
  int64_t rows_;
  std::vector<float> logits_;
  std::vector<uint8_t> gold_;
  std::vector<bool> filled_;
};

// A label is predicted where sigmoid(logit) >= its threshold. `thresholds` [L] in (0, 1); empty: 0.5 each.
// Errors (usage): another number of thresholds, or one outside (0, 1).
std::vector<float> logit_thresholds(std::span<const double> thresholds, int labels);

// micro/macro/weighted/samples F1, micro/macro/weighted precision and recall, subset_accuracy, hamming_loss, AUROC
// and average precision, macro and micro. Averages are over all L labels, as scikit-learn's over the columns of an
// indicator matrix, with one difference: macro AUROC is over the labels that have both answers (scikit-learn: NaN).
class MultiLabelStatistics : public Statistics {
 public:
  // The meter must outlive the object.
  explicit MultiLabelStatistics(const MultiLabelMeter& meter, std::span<const double> thresholds = {});
  const std::vector<std::string>& names() const override { return names_; }
  int64_t units() const override { return rows_; }
  void evaluate(std::span<const uint32_t> weights, std::span<double> values) const override;
  double evaluate_one(size_t metric, std::span<const uint32_t> weights) const override;
  // Counts by label with every weight 1.
  std::vector<ClassCount> counts() const;
  // AUROC and average precision by label with every weight 1.
  std::vector<RankScores> ranks() const;

 private:
  struct Sums;
  void accumulate(std::span<const uint32_t> weights, Sums& sums) const;
  void evaluate_decisions(std::span<const uint32_t> weights, std::span<double> values) const;
  void evaluate_ranks(std::span<const uint32_t> weights, std::span<double> values) const;
  int64_t rows_;
  int labels_;
  std::vector<std::string> names_;
  std::span<const uint8_t> gold_;
  std::vector<uint8_t> predicted_;  // [rows, labels]
  std::vector<Ranking> by_label_;
  Ranking all_;
};

struct MultiLabelResult {
  Scores scores;
  ClassTable table;                // over all labels
  std::vector<RankScores> ranks;   // by label
  std::vector<double> thresholds;  // by label
  int64_t rows = 0;
};
MultiLabelResult summarize(const MultiLabelMeter& meter, std::span<const double> thresholds = {},
                           const BootstrapOptions& options = {});

}  // namespace attune::metrics
