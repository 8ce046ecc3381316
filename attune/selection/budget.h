// How much may be spent, and on what.
#pragma once
#include <optional>
#include <string>

namespace attune::selection {

struct Budget {
  double runs = 1;                // plain runs: of the plain loss on all rows, whole schedule
  std::optional<double> seconds;  // where it was given as time; `runs` then follows from the first run
};

// "8", "2.5", "90s", "20m", "3h". Errors (usage): anything else, or not above 0.
Budget parse_budget(const std::string& text);

// What a number of plain runs buys. A run on the rows of a block costs kBlockPrice.
inline constexpr double kBlockPrice = 0.8;
// The least that a race costs: a verdict of three blocks for two losses, and a handful of short runs.
inline constexpr double kRaceBudget = 8;

struct Spending {
  bool race = false;
  double rung = 0;    // of the schedule, that a run of the race has
  int arms = 0;       // losses that race, beside the plain one
  int rates = 0;      // other rates of the plain loss that race
  int finalists = 0;  // that a verdict judges against the plain loss
  int blocks = 1;     // of the verdict; without a race: of the plain loss alone
};
// `steps`: of a whole schedule on a block. A run of the race keeps kLeastSteps of them, so that it learns anything: on
// small data its schedule is then nearly the whole one, and fewer losses race.
inline constexpr double kLeastSteps = 150;
Spending spend(double runs, double steps);

}  // namespace attune::selection
