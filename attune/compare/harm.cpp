#include "attune/compare/harm.h"

#include <algorithm>
#include <cmath>

#include "attune/base/error.h"

namespace attune::compare {
namespace {

// P(X <= k) of n draws with chance p; each term from the one before, in logarithms.
double binomial_cdf(int64_t k, int64_t n, double p) {
  if (k >= n || p <= 0) return 1;
  if (p >= 1) return 0;
  const double odds = std::log(p) - std::log1p(-p);
  double term = static_cast<double>(n) * std::log1p(-p), sum = std::exp(term);
  for (int64_t i = 1; i <= k; ++i) {
    term += std::log(static_cast<double>(n - i + 1) / static_cast<double>(i)) + odds;
    sum += std::exp(term);
  }
  return std::min(1.0, sum);
}

constexpr double kMostTimes = 1e4;  // as many rows more can be had, or it is not worth saying

int64_t scaled(int64_t count, double factor) {
  return static_cast<int64_t>(std::llround(static_cast<double>(count) * factor));
}

// Rows at which the share of changed answers, as it is, would be bounded by the margin.
std::optional<int64_t> rows_for_share(const Changed& seen, double margin, double level) {
  if (seen.rows == 0 || static_cast<double>(seen.changed) >= margin * static_cast<double>(seen.rows))
    return std::nullopt;
  for (double times = 1.05; times < kMostTimes; times *= 1.05)
    if (share_at_most(scaled(seen.changed, times), scaled(seen.rows, times), level) <= margin)
      return scaled(seen.rows, times);
  return std::nullopt;
}

// Rows at which the interval, as wide as it is by its rows, would leave out -margin.
std::optional<int64_t> rows_for_interval(const Fall& fall, double margin) {
  const double half = (fall.high - fall.low) / 2, distance = std::abs(fall.difference + margin);
  if (half <= 0 || half > std::sqrt(kMostTimes) * distance) return std::nullopt;
  return std::max(fall.rows + 1, scaled(fall.rows, half * half / (distance * distance)));
}

}  // namespace

double share_at_most(int64_t k, int64_t n, double level) {
  ATTUNE_CHECK(0 <= k && k <= n && level > 0 && level < 1, "{} of {} at {}", k, n, level);
  if (k == n) return 1;
  double low = static_cast<double>(k) / static_cast<double>(n), high = 1;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (binomial_cdf(k, n, middle) > 1 - level ? low : high) = middle;
  }
  return high;
}

bool falls_by_changed_rows(const std::string& task, const std::string& metric) {
  return task == "classify" && metric == "accuracy";
}

const char* name(Harm harm) {
  switch (harm) {
    case Harm::safe:
      return "safe";
    case Harm::harmful:
      return "harmful";
    case Harm::undecided:
      break;
  }
  return "undecided";
}

HarmVerdict judge_harm(const std::optional<Fall>& fall, const Changed& changed, const HarmOptions& options) {
  ATTUNE_CHECK(options.margin > 0, "a margin of {}", options.margin);
  const double one_sided = 1 - (1 - options.level) / 2;
  HarmVerdict verdict;
  if (changed.rows > 0) verdict.share_bound = share_at_most(changed.changed, changed.rows, one_sided);
  if (options.share_bounds && verdict.share_bound <= options.margin) {
    verdict.harm = Harm::safe, verdict.by_share = true;
    return verdict;
  }
  const bool interval_tells = fall && fall->changed >= kFewChanged;
  if (interval_tells && fall->low >= -options.margin) verdict.harm = Harm::safe;
  if (interval_tells && fall->high < -options.margin) verdict.harm = Harm::harmful;
  if (verdict.harm != Harm::undecided) return verdict;
  if (options.share_bounds) verdict.needed = rows_for_share(changed, options.margin, one_sided);
  auto by_interval = fall ? rows_for_interval(*fall, options.margin) : std::nullopt;
  if (by_interval && !interval_tells) {
    // Enough changed answers first, to tell anything from.
    if (fall->changed == 0)
      by_interval.reset();
    else
      by_interval = std::max(*by_interval, fall->rows * kFewChanged / fall->changed);
  }
  if (by_interval && (!verdict.needed || *by_interval < *verdict.needed)) verdict.needed = by_interval;
  return verdict;
}

}  // namespace attune::compare
