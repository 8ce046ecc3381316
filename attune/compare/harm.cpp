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

// The fewest by any way.
std::optional<int64_t> rows_that_would_decide(const std::optional<Fall>& fall, const Changed& changed,
                                              const HarmVerdict& verdict, const HarmOptions& options) {
  std::optional<int64_t> needed;
  const auto take = [&](std::optional<int64_t> rows) {
    if (rows && (!needed || *rows < *needed)) needed = rows;
  };
  if (verdict.wrong_at_most)
    take(rows_for_share({.rows = fall->rows, .changed = *fall->turned_wrong}, options.margin, verdict.bound_level));
  else if (options.share_bounds)
    take(rows_for_share(changed, options.margin, verdict.bound_level));
  if (!fall) return needed;
  const auto by_interval = rows_for_interval(*fall, options.margin);
  if (!by_interval || fall->changed >= kFewChanged)
    take(by_interval);
  else if (fall->changed > 0)  // enough changed answers first, to tell anything from
    take(std::max(*by_interval, fall->rows * kFewChanged / fall->changed));
  return needed;
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
  const bool knows_wrong = options.share_bounds && fall && fall->rows > 0 && fall->turned_wrong;
  const bool knows_more = changed.rows > (fall ? fall->rows : 0);  // rows without labels
  const double risk = (1 - options.level) / 2;
  HarmVerdict verdict;
  verdict.bound_level = 1 - (knows_wrong && knows_more ? risk / 2 : risk);
  if (changed.rows > 0) verdict.changed_at_most = share_at_most(changed.changed, changed.rows, verdict.bound_level);
  if (knows_wrong) verdict.wrong_at_most = share_at_most(*fall->turned_wrong, fall->rows, verdict.bound_level);
  const auto decided = [&](Harm harm, HarmBy by) {
    verdict.harm = harm, verdict.by = by;
    return verdict;
  };
  if (knows_wrong && *verdict.wrong_at_most <= options.margin) return decided(Harm::safe, HarmBy::turned_wrong);
  if (options.share_bounds && (!knows_wrong || knows_more) && verdict.changed_at_most <= options.margin)
    return decided(Harm::safe, HarmBy::changed);
  const bool interval_tells = fall && fall->changed >= kFewChanged;
  if (interval_tells && fall->low >= -options.margin) return decided(Harm::safe, HarmBy::interval);
  if (interval_tells && fall->high < -options.margin) return decided(Harm::harmful, HarmBy::interval);
  verdict.needed = rows_that_would_decide(fall, changed, verdict, options);
  return verdict;
}

}  // namespace attune::compare
