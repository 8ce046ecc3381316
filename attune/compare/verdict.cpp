#include "attune/compare/verdict.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "attune/base/error.h"
#include "attune/compare/student.h"

namespace attune::compare {
namespace {

constexpr double kPower = 0.8;

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double each : values) sum += each;
  return sum / static_cast<double>(values.size());
}

double variance_of(const std::vector<double>& values) {
  if (values.size() < 2) return 0;
  const double mean = mean_of(values);
  double squares = 0;
  for (const double each : values) squares += (each - mean) * (each - mean);
  return squares / static_cast<double>(values.size() - 1);
}

// The variance of a mean over blocks, and the degrees of freedom that it is known with.
struct Spread {
  double variance, df;

  Spread(double rows, double runs, double runs_freedom, double units) : variance(rows + runs) {
    const double parts =
        (runs > 0 ? runs * runs / runs_freedom : 0) + (rows > 0 ? rows * rows / std::max(1.0, units - 1) : 0);
    df = parts > 0 ? variance * variance / parts : std::numeric_limits<double>::infinity();
  }
};

class Rule {
 public:
  Rule(const Differences& seen, const RuleOptions& options)
      : seen_(seen), options_(options), blocks_(static_cast<double>(seen.by_block.size())) {
    const double s2 = options.runs_variance.value_or(variance_of(seen.by_block));
    runs_ = blocks_ < 2 ? 0 : std::max(0.0, s2 - (blocks_ >= 3 ? options.rows_share : 0.0) * seen.block_variance);
  }

  double runs_variance() const { return runs_; }
  double rows_part() const { return seen_.mean_variance; }
  double runs_part() const { return runs_ / blocks_; }
  Spread spread() const { return with(blocks_, 1); }

  // As it would be with that many blocks, and rows so many times.
  Spread with(double blocks, double more_rows) const {
    const double m = options_.finalists;
    // Of v, what all blocks share: the same rows stay the same rows.
    const double shared = blocks_ < 2
                              ? 0
                              : std::clamp((blocks_ * seen_.mean_variance - seen_.block_variance) / (blocks_ - 1), 0.0,
                                           seen_.mean_variance);
    const double rows =
        blocks == blocks_ ? seen_.mean_variance : shared + (blocks_ * (seen_.mean_variance - shared)) / blocks;
    const double known =
        options_.runs_freedom ? *options_.runs_freedom * (blocks - 1) / std::max(1.0, blocks_ - 1) : m * (blocks - 1);
    const double freedom = known * (m > 1 ? 0.75 : 1);
    return {rows / more_rows, runs_ / blocks, freedom, seen_.units * more_rows};
  }

  double half_width(const Spread& spread) const { return quantile(spread.df) * std::sqrt(spread.variance); }
  double visible(const Spread& spread) const {
    return (quantile(spread.df) + student_quantile(kPower, spread.df)) * std::sqrt(spread.variance);
  }

  State state(double difference, double half_width) const {
    const double size = std::abs(difference), worth = options_.worth;
    if (blocks_ < 2 && !options_.same_models) return State::undecided;
    if (size - half_width > worth) return State::better_by_worth;
    if (blocks_ < 3 && !options_.same_models) return State::undecided;
    if (size - half_width > 0 && size >= worth) return State::better;
    return size + half_width < worth ? State::no_difference : State::undecided;
  }

  // Whether it would be decided 4 times of 5, were the difference as large as it looks.
  bool decides(double difference, const Spread& spread) const {
    const double size = std::abs(difference);
    return size >= options_.worth ? visible(spread) <= size : size + half_width(spread) < options_.worth;
  }

 private:
  double quantile(double df) const {
    return student_quantile(1 - (1 - options_.level) / (2 * static_cast<double>(options_.finalists)), df);
  }

  const Differences& seen_;
  const RuleOptions& options_;
  double blocks_;
  double runs_ = 0;
};

// The least of `low`..`high` that is enough, where what is enough stays enough with more; nothing: not even `high`.
template <class Enough>
std::optional<double> least(double low, double high, double step, const Enough& enough) {
  if (!enough(high)) return std::nullopt;
  while (high - low > step) {
    const double middle = std::floor(0.5 * (low + high) / step) * step;
    if (middle <= low) break;
    (enough(middle) ? high : low) = middle;
  }
  return enough(low) ? low : high;
}

Needed needed_for(const Rule& rule, const Differences& seen, double difference) {
  constexpr double kMostRuns = 1000, kMostRows = 1000;  // times those there are
  Needed needed;
  const auto blocks = static_cast<double>(seen.by_block.size());
  if (blocks < 2) return needed;  // of what runs add nothing is known
  needed.runs = least(std::max(3.0, blocks + 1), kMostRuns, 1,
                      [&](double runs) { return rule.decides(difference, rule.with(runs, 1)); });
  if (blocks < 3) return needed;  // rows do not make up for runs
  needed.units =
      least(1.05, kMostRows, 0.05, [&](double more) { return rule.decides(difference, rule.with(blocks, more)); });
  if (needed.units) needed.units = std::ceil(*needed.units * seen.units);
  return needed;
}

}  // namespace

const char* name(State state) {
  switch (state) {
    case State::better_by_worth:
      return "better_by_worth";
    case State::better:
      return "better";
    case State::no_difference:
      return "no_difference";
    case State::undecided:
      return "undecided";
  }
  return "";
}

Verdict judge(const Differences& seen, const RuleOptions& options) {
  ATTUNE_CHECK(!seen.by_block.empty() && seen.block_variance >= 0 && seen.mean_variance >= 0 && options.worth >= 0 &&
                   options.finalists >= 1,
               "{} blocks, variances {} and {}, worth {}, {} finalists", seen.by_block.size(), seen.block_variance,
               seen.mean_variance, options.worth, options.finalists);
  const Rule rule(seen, options);
  const Spread spread = rule.spread();
  const double half = rule.half_width(spread), root = std::sqrt(spread.variance);
  Verdict verdict{.difference = mean_of(seen.by_block),
                  .df = spread.df,
                  .runs_variance = rule.runs_variance(),
                  .variance = spread.variance};
  const double size = std::abs(verdict.difference);
  // P of a difference of the other sign, where `deviation` is what it may be off by.
  const auto chance = [&](double deviation) {
    if (size == 0) return 0.5;
    return deviation > 0 ? student_cdf(-size / deviation, spread.df) : 0.0;
  };
  verdict.low = verdict.difference - half, verdict.high = verdict.difference + half;
  verdict.state = rule.state(verdict.difference, half);
  verdict.wrong = chance(root);
  verdict.turns = seen.by_block.size() < 2
                      ? std::numeric_limits<double>::quiet_NaN()
                      : chance(std::sqrt(spread.variance + seen.block_variance + rule.runs_variance()));
  verdict.visible = rule.visible(spread);
  verdict.rows_are_the_bottleneck = rule.rows_part() >= rule.runs_part();
  if (verdict.state == State::undecided) verdict.needed = needed_for(rule, seen, verdict.difference);
  return verdict;
}

}  // namespace attune::compare
