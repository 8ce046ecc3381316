// A verdict on two procedures in words and in JSON: `attune compare` and `attune select-loss` say it alike.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "attune/compare/blocks.h"
#include "attune/report/metric_units.h"

namespace attune::report {

// Two sides, what was seen of them and what follows from it.
struct Compared {
  std::string first, second;  // names of the sides
  std::string metric;
  double worth = 0, level = 0.95;  // `worth` in the metric's own unit
  bool same_runs = false;          // one training, answered in two ways: no second run stands between the sides
  const compare::Comparison& seen;
  const compare::Verdict& verdict;

  size_t runs() const { return seen.blocks.size(); }
  // Of one run each nothing is known of the next, unless both sides are answers of that run.
  bool order_is_known() const { return runs() > 1 || same_runs; }
  MetricUnits units() const { return MetricUnits(metric); }
};

// "A against B, macro F1: 3 runs of each, 872 rows, the same for all"
std::string heading(const Compared& compared);
// A side's value: the mean, and each run's where there are more.
std::string side_text(const Compared& compared, double compare::BlockFigures::*side);

// The side that is ahead.
const std::string& leader(const Compared& compared);

// "A is better, by more than 0.5 points": without a full stop. What one run cannot know it says.
std::string state_text(const Compared& compared);

// "difference, in points (of less)", "+0.15   95% interval -0.37 to +0.67"
std::string difference_title(const Compared& compared);
std::string difference_text(const Compared& compared);

// How sure it is and what would decide, as (title, value): chances that the order is wrong and that one new run turns
// it (left out where both sides are answers of one run), the smallest difference that would have been seen, the
// bottleneck, what more is needed, answers that one side alone has right.
std::vector<std::pair<std::string, std::string>> verdict_facts(const Compared& compared);

// "state", "better", "difference", "interval" .. "variance": numbers in the metric's unit, null where not known.
nlohmann::ordered_json verdict_json(const Compared& compared);
// An object a block; files of the sides are named where they are given.
nlohmann::ordered_json blocks_json(const compare::Comparison& seen, const std::vector<std::string>& first_files = {},
                                   const std::vector<std::string>& second_files = {});

}  // namespace attune::report
