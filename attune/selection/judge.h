// From a plan and its runs to the choice: the procedure itself (docs/selection.md), with nothing in it of files or
// models. Who brings the runs decides where they come from: this machine, a scheduler, a bank of predictions.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "attune/selection/choice.h"
#include "attune/selection/job.h"
#include "attune/selection/plan.h"

namespace attune::selection {

// Told of each stage before it runs: "race: 7 losses, 0.4 of the schedule each".
using Announce = std::function<void(const std::string&)>;

// Without a race: the plain loss on one block (budget 1) or several, corrections judged on the same runs. With one:
//
//   1  the plain loss, at other rates too, and as many losses as the budget carries, short whole schedules, all on the
//      race's block with the same seed: the same order and draws; first of the upper layers alone where that saves
//   2  after corrections that were fitted inside, ranked by D w^2 / (w^2 + V), w one point (or 1% of the plain value);
//      the best race again in all layers where the budget carries it
//   3  the best are frozen, and judged against the plain loss on blocks and seeds that the race never saw
//
// A run that fails by its numbers or answers alike everywhere is counted and run once more with another seed, whoever
// it is; a loss that fails twice in a block loses that block for both sides. Nothing: stopped. `profile` gains what the
// first plain run's answers show.
std::optional<Choice> judge(const Plan& plan, Profile profile, JobRunner& runner, const Announce& announce = {});

}  // namespace attune::selection
