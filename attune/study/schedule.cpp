#include "attune/study/schedule.h"

#include <algorithm>
#include <cmath>

#include "attune/base/error.h"
#include "attune/metrics/catalog.h"
#include "attune/report/format.h"
#include "attune/tune/sampler.h"

namespace attune::study {
namespace {

constexpr double kMostOfVerdict = 0.5;  // of the budget
constexpr double kOver = 1.04;          // how far the last run may reach beyond it

double ratio(int64_t rows, int64_t of) {
  return static_cast<double>(rows) / static_cast<double>(std::max<int64_t>(1, of));
}

// A run of the verdict learns from more rows than one of the search, the final model from all.
double verdict_times(const StudyPlan& plan) {
  return ratio(plan.verdict.learns, plan.search.learns);
}
double final_seconds(const StudyPlan& plan, double full_run) {
  return plan.options.final_model.empty() ? 0 : full_run * ratio(plan.pool_rows, plan.search.learns);
}

// The shortest run takes at least 100 steps: with fewer nothing is learned that ranks anything.
double smallest_share(const StudyPlan& plan) {
  constexpr double kLeastSteps = 100;
  const train::TrainOptions& t = plan.options.train;
  const double steps =
      t.max_steps > 0 ? static_cast<double>(t.max_steps) : t.epochs * ratio(plan.search.learns, t.batch_size);
  return std::clamp(kLeastSteps / std::max(1.0, steps), 1.0 / 9, 1.0);
}

tune::ScheduleOptions without_reserve(const StudyPlan& plan, const Expected& expected) {
  const StudyOptions& o = plan.options;
  return {.budget = budget_of(plan),
          .full_run = expected.full_run,
          .fixed = expected.fixed,
          .smallest = smallest_share(plan),
          .random_share = o.random_share,
          .most_trials = o.trials};
}

// Runs of the verdict that stand beside each other, one of each side where there are processes for it.
int at_once(const StudyPlan& plan) {
  return std::clamp(plan.processes, 1, 2);
}
// A run of each side; in full runs of the search.
double pair_times(const StudyPlan& plan) {
  return 2 * verdict_times(plan) / at_once(plan);
}

// No trial beside the defaults was trained in full, and none will be.
bool ends_without_finalist(const tune::ScheduleOptions& schedule, const std::vector<tune::RungRun>& runs, double now) {
  const int top = static_cast<int>(tune::rungs(schedule).size()) - 1;
  for (const tune::RungRun& run : runs)
    if (run.trial != 0 && run.rung == top && run.state == tune::RunState::finished) return false;
  const tune::Decision next = tune::next_job(schedule, runs, now);
  return !next.job && !next.wait;
}

// Of the longest finished run of the trial, as a full one would take.
std::optional<double> full_seconds(const History& history, int64_t trial) {
  std::optional<double> seconds;
  double share = 0;
  for (const StudyRun& run : history.runs) {
    const Assignment& a = run.assignment;
    if (a.purpose == Purpose::search && a.trial == trial && run.state == tune::RunState::finished && a.share > share)
      share = a.share, seconds = run.seconds / a.share;
  }
  return seconds;
}

const StudyRun* find(const History& history, Purpose purpose, int64_t trial, int stage) {
  for (const StudyRun& run : history.runs)
    if (run.assignment.purpose == purpose && run.assignment.trial == trial && run.assignment.stage == stage)
      return &run;
  return nullptr;
}

tune::Point new_point(const StudyPlan& plan, const History& history, int64_t trial, tune::Arm arm) {
  const uint64_t seed = plan.options.train.seed;
  if (arm == tune::Arm::random) return tune::random_point(plan.space.space, trial, seed);
  std::vector<tune::Trial> finished;
  std::vector<tune::Point> pending;
  for (const StudyRun& run : history.runs) {
    const Assignment& a = run.assignment;
    if (a.purpose != Purpose::search || !a.point) continue;
    if (run.state == tune::RunState::running) {
      pending.push_back(*a.point);
    } else {
      finished.push_back({.point = *a.point, .value = run.value, .fidelity = a.share});
    }
  }
  return tune::propose(plan.space.space, finished, pending, trial, {.seed = seed});
}

// Where the trial lies: a number keeps its point, so that a run that was interrupted goes on from its checkpoint.
std::optional<tune::Point> point_of_trial(const StudyPlan& plan, const History& history, int64_t trial, tune::Arm arm) {
  if (trial == 0) return plan.space.defaults_point;
  if (const auto known = history.points.find(trial); known != history.points.end() && known->second)
    return known->second;
  return new_point(plan, history, trial, arm);
}

}  // namespace

bool defaults_failed(const History& history) {
  return std::any_of(history.runs.begin(), history.runs.end(), [](const StudyRun& run) {
    return answers_all_rows(run.assignment) && run.assignment.trial == 0 && run.state == tune::RunState::failed;
  });
}

int most_seeds(const StudyPlan& plan) {
  return 2 * plan.options.seeds;
}

double budget_of(const StudyPlan& plan) {
  return parse_seconds(plan.options.budget, "--budget");
}

std::vector<tune::RungRun> rung_runs(const History& history) {
  std::vector<tune::RungRun> runs;
  for (const StudyRun& run : history.runs)
    if (run.assignment.purpose == Purpose::search)
      runs.push_back({.trial = run.assignment.trial,
                      .rung = run.assignment.stage,
                      .state = run.state,
                      .seconds = run.seconds,
                      .value = run.value});
  return runs;
}

tune::ScheduleOptions schedule_of(const StudyPlan& plan, const Expected& expected, const History& history) {
  tune::ScheduleOptions schedule = without_reserve(plan, expected);
  const auto runs = rung_runs(history);
  const double full = tune::costs_of(schedule, runs).seconds(1), last = final_seconds(plan, full);
  const double pair = full * pair_times(plan);
  int pairs = plan.options.seeds;
  while (pairs > 0 && pairs * pair + last > kMostOfVerdict * schedule.budget) --pairs;
  schedule.reserve = pairs * pair + last;
  const bool too_late = history.now + pair + last > kOver * schedule.budget;
  if (too_late || (!runs.empty() && ends_without_finalist(schedule, runs, history.now))) schedule.reserve = last;
  return schedule;
}

void check_budget(const StudyPlan& plan, const Expected& expected) {
  const tune::ScheduleOptions schedule = without_reserve(plan, expected);
  const double run = expected.full_run * (1 + tune::costs_of(schedule, {}).margin);
  const double last = final_seconds(plan, expected.full_run), needed = 2 * run + last;
  if (schedule.budget >= needed) return;
  fail(ErrorKind::usage,
       "--budget {} is too small for one run of the defaults and one beside it, which may take {} each{}; give at "
       "least {}",
       plan.options.budget, report::seconds(std::ceil(run)),
       last > 0 ? ", and the final model " + report::seconds(std::ceil(last)) : "", report::seconds(std::ceil(needed)));
}

Next next_of_search(const StudyPlan& plan, const Expected& expected, const History& history) {
  if (history.finalist_stands) return {};
  const tune::ScheduleOptions schedule = schedule_of(plan, expected, history);
  const tune::Decision decision = tune::next_job(schedule, rung_runs(history), history.now);
  if (!decision.job) return {.wait = decision.wait};
  const tune::Job& job = *decision.job;
  return {.assignment = Assignment{.purpose = Purpose::search,
                                   .trial = job.trial,
                                   .stage = job.rung,
                                   .share = job.share,
                                   .why = job.why,
                                   .arm = job.arm,
                                   .point = point_of_trial(plan, history, job.trial, job.arm)}};
}

std::optional<Finalist> finalist_of(const StudyPlan& plan, const History& history) {
  std::optional<Finalist> best;
  double best_value = 0;
  for (const TrialLine& trial : standings_of(plan, history).trials) {
    if (!trial.ran_in_full() || !trial.keeps_limits || trial.number == 0 || trial.point == plan.space.defaults_point)
      continue;
    const bool better = !best || metrics::is_better(plan.metric, *trial.value, best_value) ||
                        (*trial.value == best_value && trial.number < best->trial);
    if (better) best = Finalist{.trial = trial.number, .precision = trial.precision}, best_value = *trial.value;
  }
  return best;
}

Next next_of_verdict(const StudyPlan& plan, int64_t finalist, const History& history) {
  if (defaults_failed(history)) return {};
  const double of_finalist = full_seconds(history, finalist).value_or(0);
  const double of_defaults = full_seconds(history, 0).value_or(of_finalist);
  const double end = budget_of(plan) - final_seconds(plan, std::max(of_finalist, of_defaults));
  const double over = (kOver - 1) * budget_of(plan);
  Next next;
  for (int block = 0; block < most_seeds(plan); ++block) {
    double missing = 0;  // seconds
    bool runs = false, begun = false;
    for (const int64_t trial : {finalist, int64_t{0}}) {
      const StudyRun* run = find(history, Purpose::verdict, trial, block);
      if (!run) missing += (trial == 0 ? of_defaults : of_finalist) * verdict_times(plan);
      runs = runs || (run && run->state == tune::RunState::running), begun = begun || run;
    }
    if (!begun) missing /= at_once(plan);
    next.wait = next.wait || runs;
    if (!runs && history.now + missing > end + (block == 0 || begun ? over : 0)) break;
    for (const int64_t trial : {finalist, int64_t{0}}) {
      if (find(history, Purpose::verdict, trial, block)) continue;
      const bool defaults = trial == 0;
      next.assignment = Assignment{.purpose = Purpose::verdict,
                                   .trial = trial,
                                   .stage = block,
                                   .share = 1,
                                   .why = defaults ? tune::Why::defaults : tune::Why::closing,
                                   .arm = defaults ? tune::Arm::defaults : tune::Arm::sampled,
                                   .point = point_of_trial(plan, history, trial, tune::Arm::sampled)};
      for (const StudyRun& run : history.runs)
        if (run.assignment.trial == trial) next.assignment->arm = run.assignment.arm;
      return next;
    }
  }
  return next;
}

double deadline_of(const StudyPlan& plan, const Expected& expected, const History& history, Purpose purpose) {
  const tune::ScheduleOptions schedule = schedule_of(plan, expected, history);
  const double last = final_seconds(plan, tune::costs_of(schedule, rung_runs(history)).seconds(1));
  if (purpose == Purpose::search) return schedule.budget - last - 0.75 * (schedule.reserve - last);
  return kOver * schedule.budget - last;
}

}  // namespace attune::study
