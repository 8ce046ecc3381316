// When a study runs what: tune/halving.h fed with what the store knows, and the same question for the verdict.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "attune/study/outcome.h"

namespace attune::study {

// What one full run of the defaults was expected to take, from its plan.
struct Expected {
  double full_run = 0, fixed = 0;  // seconds
  nlohmann::json to_json() const { return {{"full_run", full_run}, {"fixed", fixed}}; }
  static Expected from_json(const nlohmann::json& json) { return {json.at("full_run"), json.at("fixed")}; }
};

// The search's runs as the halving knows them, and the schedule with what the verdict and the final model will need
// kept back. The verdict: as many pairs of runs as --seeds asks for, fewer where they would take more than half of the
// budget; none where that holds of one pair, or where a trial cannot be trained in full beside it. Full runs of the
// search then judge by the rows of the verdict (judging_rows.h).
std::vector<tune::RungRun> rung_runs(const History& history);
tune::ScheduleOptions schedule_of(const StudyPlan& plan, const Expected& expected, const History& history);

// Errors (usage): no room for a full run of the defaults and of another trial, and for the final model. Says how much
// there has to be.
void check_budget(const StudyPlan& plan, const Expected& expected);

struct Next {
  std::optional<Assignment> assignment = {};
  bool wait = false;  // none now, but there may be one once a run has ended
};

Next next_of_search(const StudyPlan& plan, const Expected& expected, const History& history);

// The trial that is judged against the defaults, and the precision it answers in: the best of those that ran in full,
// keep the limits and are not the defaults themselves. Nothing: there is none.
std::optional<Finalist> finalist_of(const StudyPlan& plan, const History& history);

// Whether the defaults' full run came to nothing (it diverged, or the metric has no value for its answers): nobody can
// be judged against them.
bool defaults_failed(const History& history);

// A block is a seed: a run of each side, begun while there is time: up to --seeds, and as many again with what the
// search could not use. None where the defaults failed.
int most_seeds(const StudyPlan& plan);
Next next_of_verdict(const StudyPlan& plan, int64_t finalist, const History& history);

// The study's time at which a run has to be over.
double deadline_of(const StudyPlan& plan, const Expected& expected, const History& history, Purpose purpose);

double budget_of(const StudyPlan& plan);  // seconds

}  // namespace attune::study
