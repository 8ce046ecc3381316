#include "attune/metrics/at_precision.h"

#include <algorithm>
#include <charconv>
#include <numeric>

#include "attune/base/blanks.h"
#include "attune/base/error.h"

namespace attune::metrics {
namespace {

constexpr std::string_view kRecall = "recall_at_precision(", kCoverage = "coverage_at_precision(";

}  // namespace

bool is_at_precision(std::string_view metric) {
  return metric.starts_with(kRecall) || metric.starts_with(kCoverage);
}

AtPrecision at_precision_of(std::string_view metric) {
  AtPrecision what{.coverage = metric.starts_with(kCoverage)};
  const char* as_in = what.coverage ? "coverage_at_precision(0.95)" : "recall_at_precision(0.95) or (0.95, spam)";
  if (!is_at_precision(metric) || !metric.ends_with(')'))
    fail(ErrorKind::usage, "'{}': expected a precision in brackets, as in {}", metric, as_in);
  const size_t open = metric.find('(') + 1;
  const std::string_view inside = metric.substr(open, metric.size() - open - 1);
  const size_t comma = std::min(inside.find(','), inside.size());
  const std::string_view number = trimmed(inside.substr(0, comma), " ");
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), what.precision);
  if (error != std::errc() || end != number.data() + number.size() || !(what.precision > 0 && what.precision <= 1))
    fail(ErrorKind::usage, "'{}': expected a precision above 0 and up to 1, got '{}'; as in {}", metric, number, as_in);
  if (comma == inside.size()) return what;
  what.label = std::string(trimmed(inside.substr(comma + 1), " "));
  if (what.coverage)
    fail(ErrorKind::usage, "'{}': it covers the rows of all labels; leave '{}' out", metric, what.label);
  return what;
}

AtPrecisionStatistics::AtPrecisionStatistics(std::string name, const AtPrecision& what, std::vector<ScoredRow> rows)
    : names_{std::move(name)}, what_(what), rows_(std::move(rows)), order_(rows_.size()) {
  std::iota(order_.begin(), order_.end(), 0U);
  std::stable_sort(order_.begin(), order_.end(),
                   [&](uint32_t a, uint32_t b) { return rows_[a].score > rows_[b].score; });
}

void AtPrecisionStatistics::evaluate(std::span<const uint32_t> weights, std::span<double> values) const {
  uint64_t all = 0, all_hits = 0;
  for (size_t row = 0; row < rows_.size(); ++row) {
    all += weights[row];
    if (rows_[row].hit) all_hits += weights[row];
  }
  const uint64_t whole = what_.coverage ? all : all_hits;
  values[0] = kUndefined;
  if (whole == 0) return;
  uint64_t taken = 0, hits = 0, best = 0;
  for (size_t at = 0; at < order_.size(); ++at) {
    const ScoredRow& row = rows_[order_[at]];
    taken += weights[order_[at]];
    if (row.hit) hits += weights[order_[at]];
    const bool cut = at + 1 == order_.size() || rows_[order_[at + 1]].score < row.score;
    if (cut && taken > 0 && static_cast<double>(hits) >= what_.precision * static_cast<double>(taken))
      best = what_.coverage ? taken : hits;
  }
  values[0] = static_cast<double>(best) / static_cast<double>(whole);
}

}  // namespace attune::metrics
