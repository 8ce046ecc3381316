// How much may be spent, and on what.
#pragma once
#include <optional>
#include <string>
#include <vector>

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

// A part of the race: short schedules, each whole with its own decay.
struct Stage {
  bool upper = false;   // trains the upper layers alone, over kept states of those below: cheap
  double schedule = 0;  // share of the user's
  int arms = 0;         // losses, beside the plain one
  int rates = 0;        // other rates of the plain loss
};

struct Spending {
  std::vector<Stage> stages = {};  // none: no race. The best of a stage go on to the next
  int finalists = 0;               // that a verdict judges against the plain loss
  int blocks = 1;                  // of the verdict; without a race: of the plain loss alone

  bool race() const { return !stages.empty(); }
};

inline constexpr int kMostArms = 24;

// What a run is like, as far as its price depends on it, and what there is to run.
struct RunShape {
  double steps = 0;   // of a whole schedule on a block
  double epochs = 1;  // the same
  double upper = 0;   // share of the layers that an upper stage trains; 0: it cannot be had
  // What may race: so many losses, and other rates of the plain one.
  int most_arms = kMostArms;
  bool rates = true;
};
// A run of the race keeps kLeastSteps of its schedule, so that it learns anything: on small data that is nearly the
// whole one. With upper layers to train alone many losses begin there; the best go on to runs of all layers where the
// budget carries at least two of them, else into the verdict.
inline constexpr double kLeastSteps = 150;
inline constexpr int kMostBlocks = 8;
Spending spend(double runs, const RunShape& shape);
// Blocks that a verdict after a race has at least.
int least_blocks(double runs);

}  // namespace attune::selection
