#include <algorithm>

#include "attune/metrics/catalog.h"
#include "attune/study/outcome.h"
#include "attune/study/schedule.h"

namespace attune::study {

Standings standings_of(const StudyPlan& plan, const History& history) {
  const Limits limits = limits_of(plan.options);
  Standings standings{
      .metric = plan.metric, .now = history.now, .budget = budget_of(plan), .trials = {}, .running = {}, .verdict = {}};
  std::map<int64_t, TrialLine> trials;
  for (const StudyRun& run : history.runs) {
    const Assignment& a = run.assignment;
    RunLine line{.name = run_name(a),
                 .trial = a.trial,
                 .purpose = a.purpose,
                 .stage = a.stage,
                 .share = a.share,
                 .state = run.state,
                 .value = run.value ? std::optional(plan.sign() * *run.value) : std::nullopt,
                 .began = run.began,
                 .seconds = run.seconds,
                 .failure = run.failure};
    if (run.state == tune::RunState::running) standings.running.push_back(line);
    if (a.purpose == Purpose::verdict) standings.verdict.push_back(line);
    if (a.purpose != Purpose::search) continue;
    TrialLine& trial = trials[a.trial];
    trial.number = a.trial, trial.arm = a.arm, trial.point = a.point;
    if (a.trial == 0) trial.arm = tune::Arm::defaults;
    trial.changes = a.point ? changes_text(plan.space, *a.point) : "";
    trial.seconds += run.seconds;
    if (line.value && run.state == tune::RunState::finished && a.share > trial.share)
      trial.value = line.value, trial.share = a.share;
    if (a.share == 1) trial.answers = answers_of(run.facts);
    trial.runs.push_back(std::move(line));
  }
  for (auto& [number, trial] : trials) {
    if (limits.any() && trial.ran_in_full()) {
      const auto best = best_answering(trial.answers, limits, plan.metric);
      trial.keeps_limits = best.has_value();
      if (best) trial.value = best->value, trial.precision = best->precision;
    }
    std::sort(trial.runs.begin(), trial.runs.end(),
              [](const RunLine& x, const RunLine& y) { return x.share < y.share; });
    standings.trials.push_back(std::move(trial));
  }
  std::stable_sort(standings.trials.begin(), standings.trials.end(), [&](const TrialLine& x, const TrialLine& y) {
    if (x.keeps_limits != y.keeps_limits) return x.keeps_limits;
    if (x.share != y.share) return x.share > y.share;
    return x.value && y.value ? metrics::is_better(plan.metric, *x.value, *y.value) : x.value && !y.value;
  });
  return standings;
}

}  // namespace attune::study
