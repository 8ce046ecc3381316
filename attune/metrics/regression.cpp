#include "attune/metrics/regression.h"

#include <algorithm>
#include <cmath>

#include "attune/base/error.h"

namespace attune::metrics {
namespace {

using Member = double ScoreRecord::*;

std::vector<uint32_t> ascending(std::span<const ScoreRecord> records, Member side) {
  std::vector<uint32_t> order(records.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<uint32_t>(i);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return records[a].*side < records[b].*side; });
  return order;
}

// ranks[row]: the mean of the places that the row's value takes when row i occurs weights[i] times.
void average_ranks(std::span<const ScoreRecord> records, Member side, std::span<const uint32_t> order,
                   std::span<const uint32_t> weights, std::span<double> ranks) {
  int64_t before = 0;
  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    int64_t tied = 0;
    for (; end < order.size() && records[order[end]].*side == records[order[begin]].*side; ++end) {
      tied += weights[order[end]];
    }
    const double rank = static_cast<double>(before) + (static_cast<double>(tied) + 1) / 2;
    for (size_t i = begin; i < end; ++i) ranks[order[i]] = rank;
    before += tied;
  }
}

// True where all rows that count have one value. Compared exactly: the mean of equal numbers may round away from them.
template <class X>
bool constant(std::span<const uint32_t> weights, X x) {
  size_t first = 0;
  while (first < weights.size() && weights[first] == 0) ++first;
  for (size_t i = first; i < weights.size(); ++i) {
    if (weights[i] != 0 && x(i) != x(first)) return false;
  }
  return true;
}

// Weighted Pearson correlation of x(i), y(i); NaN where a side is constant.
template <class X, class Y>
double correlation(std::span<const uint32_t> weights, X x, Y y) {
  double rows = 0, mean_x = 0, mean_y = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    rows += weights[i];
    mean_x += weights[i] * x(i);
    mean_y += weights[i] * y(i);
  }
  mean_x /= rows;
  mean_y /= rows;
  double xx = 0, yy = 0, xy = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    const double dx = x(i) - mean_x, dy = y(i) - mean_y;
    xx += weights[i] * dx * dx;
    yy += weights[i] * dy * dy;
    xy += weights[i] * dx * dy;
  }
  if (constant(weights, x) || constant(weights, y) || xx == 0 || yy == 0) return kUndefined;
  return std::clamp(xy / std::sqrt(xx * yy), -1.0, 1.0);
}

}  // namespace

void RegressionMeter::add(int64_t row, double gold, double predicted) {
  if (!std::isfinite(predicted)) {
    fail(ErrorKind::numeric, "the predicted score of row {} of the evaluated data is {}", row, predicted);
  }
  records_.put(row, {gold, predicted});
}

RegressionStatistics::RegressionStatistics(std::span<const ScoreRecord> records)
    : records_(records),
      names_({"pearson", "spearman", "mse", "rmse", "mae", "r2"}),
      gold_order_(ascending(records, &ScoreRecord::gold)),
      predicted_order_(ascending(records, &ScoreRecord::predicted)) {}

void RegressionStatistics::evaluate(std::span<const uint32_t> weights, std::span<double> values) const {
  std::fill(values.begin(), values.end(), kUndefined);
  int64_t rows = 0;
  double squares = 0, absolute = 0, gold_sum = 0;
  for (size_t i = 0; i < records_.size(); ++i) {
    const double error = records_[i].predicted - records_[i].gold;
    squares += weights[i] * error * error;
    absolute += weights[i] * std::abs(error);
    gold_sum += weights[i] * records_[i].gold;
    rows += weights[i];
  }
  if (rows == 0) return;
  const auto n = static_cast<double>(rows);
  double deviation = 0;
  for (size_t i = 0; i < records_.size(); ++i) {
    const double d = records_[i].gold - gold_sum / n;
    deviation += weights[i] * d * d;
  }

  const auto gold = [&](size_t i) { return records_[i].gold; };
  const auto predicted = [&](size_t i) { return records_[i].predicted; };
  std::vector<double> gold_ranks(records_.size()), predicted_ranks(records_.size());
  average_ranks(records_, &ScoreRecord::gold, gold_order_, weights, gold_ranks);
  average_ranks(records_, &ScoreRecord::predicted, predicted_order_, weights, predicted_ranks);
  values[0] = correlation(weights, gold, predicted);
  values[1] = correlation(
      weights, [&](size_t i) { return gold_ranks[i]; }, [&](size_t i) { return predicted_ranks[i]; });
  values[2] = squares / n;
  values[3] = std::sqrt(squares / n);
  values[4] = absolute / n;
  if (rows < 2) return;
  const bool flat = constant(weights, gold);
  values[5] = flat ? (squares > 0 ? 0.0 : 1.0) : 1 - squares / deviation;
}

RegressionResult summarize(std::span<const ScoreRecord> records, const BootstrapOptions& options) {
  return {evaluate(RegressionStatistics(records), options), static_cast<int64_t>(records.size())};
}

std::vector<int64_t> largest_errors(std::span<const ScoreRecord> records, size_t most) {
  std::vector<int64_t> rows(records.size());
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<int64_t>(i);
  const auto error = [&](int64_t row) { return std::abs(records[row].predicted - records[row].gold); };
  std::stable_sort(rows.begin(), rows.end(), [&](int64_t a, int64_t b) { return error(a) > error(b); });
  if (rows.size() > most) rows.resize(most);
  return rows;
}

}  // namespace attune::metrics
