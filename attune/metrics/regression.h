// Metrics of regression. A row leaves its gold score and its prediction.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "attune/metrics/row_records.h"
#include "attune/metrics/statistics.h"

namespace attune::metrics {

struct ScoreRecord {
  double gold = 0;
  double predicted = 0;
};

class RegressionMeter {
 public:
  explicit RegressionMeter(int64_t rows) : records_(rows) {}
  // Errors (numeric): the prediction is not finite, names the row; (internal): row given twice or out of range.
  void add(int64_t row, double gold, double predicted);
  // By row. Errors (internal): a row is missing.
  const std::vector<ScoreRecord>& records() const { return records_.all(); }

 private:
  RowRecords<ScoreRecord> records_;
};

// pearson, spearman (Pearson of average ranks), mse, rmse, mae, r2. Pearson and Spearman are undefined where a side
// is constant or there is one row; r2 is undefined for one row, and for constant gold 1 if perfect, else 0 (as
// scikit-learn).
class RegressionStatistics : public Statistics {
 public:
  // `records` must outlive the object.
  explicit RegressionStatistics(std::span<const ScoreRecord> records);
  const std::vector<std::string>& names() const override { return names_; }
  int64_t units() const override { return static_cast<int64_t>(records_.size()); }
  void evaluate(std::span<const uint32_t> weights, std::span<double> values) const override;

 private:
  std::span<const ScoreRecord> records_;
  std::vector<std::string> names_;
  std::vector<uint32_t> gold_order_, predicted_order_;  // rows by ascending value
};

struct RegressionResult {
  Scores scores;
  int64_t rows = 0;
};
RegressionResult summarize(std::span<const ScoreRecord> records, const BootstrapOptions& options = {});

// Rows with the largest absolute error first (ties: by row), at most `most`.
std::vector<int64_t> largest_errors(std::span<const ScoreRecord> records, size_t most);

}  // namespace attune::metrics
