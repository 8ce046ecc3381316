// Metrics of single-label classification (two classes or many). Logits are never kept: a row leaves 20 bytes.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "attune/metrics/calibration.h"
#include "attune/metrics/class_counts.h"
#include "attune/metrics/confusion.h"
#include "attune/metrics/costs.h"
#include "attune/metrics/row_records.h"
#include "attune/metrics/statistics.h"

namespace attune::metrics {

// What stays of one row.
struct ClassRecord {
  int32_t gold = 0;
  int32_t predicted = 0;
  float top_probability = 0;  // of the predicted class
  float log_prob_gold = 0;    // natural logarithm, at most 0
  float margin = 0;           // two classes: logit of class 1 - logit of class 0, what AUROC ranks by; else 0
};

// From logits [K], K >= 2 (a single sigmoid logit z is {0, z}). The prediction is the first of the largest; soft-max
// in f64. Errors (numeric): a logit that is NaN or +infinity, or all are -infinity; (internal): gold outside [0, K).
ClassRecord class_record(int32_t gold, std::span<const float> logits);

// Collects the records of a data set, in any order.
class ClassificationMeter {
 public:
  ClassificationMeter(int classes, int64_t rows) : classes_(classes), records_(rows) {}
  // Errors as class_record (a numeric one names the row); (internal): logits.size() is not K, row given twice.
  void add(int64_t row, int32_t gold, std::span<const float> logits);
  // For tasks that decode otherwise (ordinal levels): the record as they made it.
  void add(int64_t row, const ClassRecord& record) { records_.put(row, record); }

  int classes() const { return classes_; }
  // By row. Errors (internal): a row is missing.
  const std::vector<ClassRecord>& records() const { return records_.all(); }

 private:
  int classes_;
  RowRecords<ClassRecord> records_;
};

// accuracy, macro/weighted precision, recall and F1, micro_f1, mcc, log_loss, ece; for two classes also precision,
// recall, f1, auroc and average_precision of class 1. (AUROC of more than two classes would need every probability
// of every row, and is not computed.) Macro over the classes present in gold or predictions.
// `ordered`: classes are grades, 0 the lowest; then also, with g and p the gold and predicted class,
//   label_mae        mean |g - p|
//   quadratic_kappa  1 - sum (g - p)^2 / sum of the same if gold and predictions had nothing to do with each other
//                    (Cohen 1968, Psychological Bulletin 70, quadratic weights); undefined where both are constant
class ClassificationStatistics : public Statistics {
 public:
  // `records` must outlive the object.
  // `cost`: a metric of prices (costs.h) that is told too, under the name as it is given. Errors (usage): those of
  // costs_of; prices for another number of classes.
  ClassificationStatistics(std::span<const ClassRecord> records, int classes, bool ordered = false,
                           std::string_view cost = {});
  ~ClassificationStatistics() override;
  const std::vector<std::string>& names() const override { return names_; }
  int64_t units() const override { return static_cast<int64_t>(records_.size()); }
  void evaluate(std::span<const uint32_t> weights, std::span<double> values) const override;
  double evaluate_one(size_t metric, std::span<const uint32_t> weights) const override;

 private:
  struct Sums;
  void accumulate(std::span<const uint32_t> weights, Sums& sums) const;
  void evaluate(std::span<const uint32_t> weights, std::span<double> values, bool ranks) const;
  std::span<const ClassRecord> records_;
  int classes_;
  bool ordered_;
  Costs costs_;
  std::vector<std::string> names_;
  std::vector<uint8_t> bins_;  // by row
  std::unique_ptr<class Ranking> ranking_;
};

// Everything a report shows about one split.
struct ClassificationResult {
  Scores scores;
  ClassTable table;
  std::vector<ConfusionCell> confusion;
  CalibrationBins calibration{};
  int64_t rows = 0;
};
ClassificationResult summarize(std::span<const ClassRecord> records, int classes, const BootstrapOptions& options = {},
                               bool ordered = false);

// 1 where the prediction is right: what paired_difference takes.
std::vector<uint8_t> correct_rows(std::span<const ClassRecord> records);

// Rows predicted wrongly, the most confident first (ties: by row), at most `most`.
std::vector<int64_t> confident_mistakes(std::span<const ClassRecord> records, size_t most);

}  // namespace attune::metrics
