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

Spending spend(double runs, double steps) {
  constexpr double kLarge = 30;
  if (runs < kRaceBudget)
    return {.blocks = runs < 2 * kBlockPrice ? 1 : std::min(5, static_cast<int>(runs / kBlockPrice + 1e-9))};
  Spending plan{.race = true, .rung = 0.4, .finalists = 1, .blocks = 3};
  if (runs >= kLarge) plan.rung = 0.5, plan.finalists = 2, plan.blocks = 5;
  plan.rung = std::clamp(kLeastSteps / std::max(1.0, steps), plan.rung, 1.0);
  const double verdict = kBlockPrice * (1 + plan.finalists) * plan.blocks;
  constexpr int kMostArms = 24;
  constexpr double kMostTries = 1000;  // far beyond kMostArms
  const int tries = static_cast<int>(std::min(kMostTries, (runs - verdict) / (kBlockPrice * plan.rung) + 1e-9));
  plan.rates = tries >= 6 ? 2 : 1;
  plan.arms = std::clamp(tries - 1 - plan.rates, 1, kMostArms);
  return plan;
}

}  // namespace attune::selection
