#include "attune/report/verdict.h"

#include <cmath>
#include <fmt/format.h>

#include "attune/metrics/bootstrap.h"
#include "attune/metrics/catalog.h"
#include "attune/report/format.h"

namespace attune::report {
namespace {

struct Pair {
  const LadderRow* tuned = nullptr;
  const LadderRow* other = nullptr;  // the best of the rest
};

Pair contenders(const Ladder& ladder) {
  Pair pair;
  for (const LadderRow& row : ladder.rows) {
    if (std::isnan(row.score)) continue;
    const LadderRow*& best = row.fine_tuned ? pair.tuned : pair.other;
    if (!best || metrics::is_better(ladder.metric, row.score, best->score)) best = &row;
  }
  return pair;
}

std::string difference_text(const Ladder& ladder, double difference) {
  const double size = std::abs(difference);
  return is_share(ladder.metric) ? fmt::format("{:.1f} points", 100 * size) : fixed(size, 4);
}

std::string cost_text(const Pair& pair) {
  if (std::isnan(pair.tuned->seconds) || std::isnan(pair.other->seconds)) return "";
  return fmt::format(" It took {}, the other {}.", seconds(pair.tuned->seconds), seconds(pair.other->seconds));
}

Verdict worded(const Ladder& ladder, const Pair& pair, Pays pays, const std::string& evidence) {
  // In the metric's own direction: positive where the fine-tuned model is better.
  const bool higher = metrics::metric_info(ladder.metric).better == metrics::Better::higher;
  const double gain = (pair.tuned->score - pair.other->score) * (higher ? 1 : -1);
  const std::string by = difference_text(ladder, gain);
  const std::string relation = by + (gain >= 0 ? " better than " : " worse than ") + pair.other->name;
  switch (pays) {
    case Pays::yes:
      return {pays, fmt::format("Fine-tuning pays: {} ({}).{}", relation, evidence, cost_text(pair))};
    case Pays::no:
      return {pays,
              fmt::format("Fine-tuning does not pay here: it is {} ({}).{}", relation, evidence, cost_text(pair))};
    case Pays::not_shown:
      return {pays, fmt::format("Fine-tuning is not shown to pay here: it is {}, but {}.{}", relation, evidence,
                                cost_text(pair))};
    case Pays::unknown:
      break;
  }
  return {};
}

// `low` and `high` bound the gain.
Pays by_gain(double low, double high) {
  return low > 0 ? Pays::yes : high < 0 ? Pays::no : Pays::not_shown;
}

Verdict judge_paired(const Ladder& ladder, const Pair& pair) {
  const metrics::PairedDifference paired = metrics::paired_difference(pair.tuned->correct, pair.other->correct);
  const metrics::Interval& interval = paired.interval;
  const Pays pays = by_gain(interval.low, interval.high);
  const std::string range = fmt::format("95% interval of the difference, row by row: {:+.1f} to {:+.1f} points",
                                        100 * interval.low, 100 * interval.high);
  return worded(ladder, pair, pays, pays == Pays::not_shown ? "the difference may be chance (" + range + ")" : range);
}

Verdict judge_intervals(const Ladder& ladder, const Pair& pair) {
  const metrics::Interval tuned = pair.tuned->interval.value_or(metrics::Interval{});
  const metrics::Interval other = pair.other->interval.value_or(metrics::Interval{});
  const bool better = metrics::is_better(ladder.metric, pair.tuned->score, pair.other->score);
  if (!tuned.defined() || !other.defined()) {
    return worded(ladder, pair, better ? Pays::not_shown : Pays::no,
                  better ? "there are no intervals to compare" : "no intervals");
  }
  const bool apart = tuned.low > other.high || other.low > tuned.high;
  if (!apart) return worded(ladder, pair, Pays::not_shown, "the 95% intervals overlap");
  return worded(ladder, pair, better ? Pays::yes : Pays::no, "the 95% intervals do not overlap");
}

}  // namespace

Verdict judge(const Ladder& ladder) {
  const Pair pair = contenders(ladder);
  if (!pair.tuned || !pair.other) return {};
  const bool rows = !pair.tuned->correct.empty() && pair.tuned->correct.size() == pair.other->correct.size();
  return rows && ladder.metric == "accuracy" ? judge_paired(ladder, pair) : judge_intervals(ladder, pair);
}

}  // namespace attune::report
