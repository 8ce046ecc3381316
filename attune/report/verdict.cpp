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
  std::string relation = "as good as " + pair.other->name;
  if (gain != 0) {
    relation =
        fmt::format("{} {} than {}", difference_text(ladder, gain), gain > 0 ? "better" : "worse", pair.other->name);
  }
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

Verdict judge_paired(const Ladder& ladder, const Pair& pair) {
  const metrics::Interval interval = metrics::paired_difference(pair.tuned->correct, pair.other->correct).interval;
  const std::string range = fmt::format("95% interval of the difference, row by row: {:+.1f} to {:+.1f} points",
                                        100 * interval.low, 100 * interval.high);
  if (pair.tuned->score <= pair.other->score) return worded(ladder, pair, Pays::no, range);
  if (interval.low > 0) return worded(ladder, pair, Pays::yes, range);
  return worded(ladder, pair, Pays::not_shown, "that may be chance (" + range + ")");
}

Verdict judge_intervals(const Ladder& ladder, const Pair& pair) {
  const metrics::Interval tuned = pair.tuned->interval.value_or(metrics::Interval{});
  const metrics::Interval other = pair.other->interval.value_or(metrics::Interval{});
  const bool known = tuned.defined() && other.defined();
  const bool apart = known && (tuned.low > other.high || other.low > tuned.high);
  const char* evidence = !known  ? "there are no intervals to compare"
                         : apart ? "the 95% intervals do not overlap"
                                 : "the 95% intervals overlap";
  if (!metrics::is_better(ladder.metric, pair.tuned->score, pair.other->score)) {
    return worded(ladder, pair, Pays::no, evidence);
  }
  return worded(ladder, pair, apart ? Pays::yes : Pays::not_shown, evidence);
}

}  // namespace

Verdict judge(const Ladder& ladder) {
  const Pair pair = contenders(ladder);
  if (!pair.tuned || !pair.other) return {};
  const bool rows = !pair.tuned->correct.empty() && pair.tuned->correct.size() == pair.other->correct.size();
  return rows && ladder.metric == "accuracy" ? judge_paired(ladder, pair) : judge_intervals(ladder, pair);
}

}  // namespace attune::report
