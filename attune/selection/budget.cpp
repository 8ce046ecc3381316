#include "attune/selection/budget.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "attune/base/error.h"

namespace attune::selection {

Budget parse_budget(const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit(static_cast<const char*>(end), text.data() + text.size());
  const double seconds = unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : 0;
  if (error != std::errc() || !(number > 0) || !std::isfinite(number) || (!unit.empty() && seconds == 0))
    fail(ErrorKind::usage, "--budget: expected plain runs, as in 8, or time, as in 90s, 20m or 3h, above 0; got '{}'",
         text);
  if (unit.empty()) return {.runs = number, .seconds = {}};
  return {.runs = 0, .seconds = number * seconds};
}

namespace {

constexpr double kLarge = 30;

// A run of a stage against a whole one. Measured with MiniLM, bf16, short texts (docs/selection.md): a step of the
// upper third cost 0.23 of a whole one, reading the states of the others once a quarter of an epoch.
double price_of(const Stage& stage, const RunShape& shape) {
  constexpr double kUpperStep = 0.7, kStates = 0.34;
  if (!stage.upper) return stage.schedule;
  return kUpperStep * shape.upper * stage.schedule + kStates * (1 - shape.upper) / std::max(1.0, shape.epochs);
}

// As many losses as `runs` carry, beside the plain one and its other rates.
int arms_for(double runs, const Stage& stage, const RunShape& shape) {
  constexpr double kMostTries = 1000;  // far beyond kMostArms
  const double tries = std::min(kMostTries, runs / (kBlockPrice * price_of(stage, shape)) + 1e-9);
  return std::min(shape.most_arms, static_cast<int>(tries) - 1 - stage.rates);
}

double cost_of(const Stage& stage, const RunShape& shape) {
  return kBlockPrice * price_of(stage, shape) * (1 + stage.rates + stage.arms);
}

std::vector<Stage> stages_for(double runs, const RunShape& shape, bool large) {
  const double schedule = std::clamp(kLeastSteps / std::max(1.0, shape.steps), large ? 0.5 : 0.4, 1.0);
  Stage whole{.schedule = schedule, .rates = shape.rates ? 1 : 0};
  if (shape.upper == 0) {
    if (shape.rates && arms_for(runs, whole, shape) >= 4) whole.rates = 2;
    whole.arms = std::max(1, arms_for(runs, whole, shape));
    return {whole};
  }
  Stage upper{.upper = true, .schedule = schedule, .rates = shape.rates ? 2 : 0};
  whole.rates = 0;
  for (whole.arms = large ? 4 : 3; whole.arms >= 2; --whole.arms) {
    upper.arms = arms_for(runs - cost_of(whole, shape), upper, shape);
    if (upper.arms > whole.arms && upper.arms >= std::min(shape.most_arms, large ? 10 : 5)) return {upper, whole};
  }
  upper.arms = std::max(1, arms_for(runs, upper, shape));
  return {upper};
}

}  // namespace

int least_blocks(double runs) {
  return runs >= kLarge ? 5 : 3;
}

Spending spend(double runs, const RunShape& shape) {
  if (runs < kRaceBudget)
    return {.blocks = runs < 2 * kBlockPrice ? 1 : std::min(5, static_cast<int>(runs / kBlockPrice + 1e-9))};
  const bool large = runs >= kLarge;
  Spending plan{.finalists = large ? 2 : 1, .blocks = least_blocks(runs)};
  const double block = kBlockPrice * (1 + plan.finalists);
  plan.stages = stages_for(runs - block * plan.blocks, shape, large);
  double left = runs - block * plan.blocks;
  for (const Stage& stage : plan.stages) left -= cost_of(stage, shape);
  // What no stage can use makes the verdict surer.
  plan.blocks = std::min(kMostBlocks, plan.blocks + std::max(0, static_cast<int>(std::min(100.0, left / block))));
  return plan;
}

}  // namespace attune::selection
