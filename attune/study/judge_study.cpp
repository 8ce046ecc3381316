#include "attune/study/judge_study.h"

#include <algorithm>
#include <cmath>

#include "attune/base/error.h"
#include "attune/compare/worth.h"
#include "attune/report/compared.h"
#include "attune/report/format.h"
#include "attune/selection/answers.h"
#include "attune/selection/judgement.h"
#include "attune/selection/report/words.h"
#include "attune/study/judging_rows.h"
#include "attune/study/schedule.h"

namespace attune::study {
namespace {

constexpr const char* kDefaults = "the defaults";

const StudyRun* verdict_run(const History& history, int64_t trial, int block) {
  for (const StudyRun& run : history.runs)
    if (run.assignment.purpose == Purpose::verdict && run.assignment.trial == trial && run.assignment.stage == block)
      return &run;
  return nullptr;
}

std::string trial_name(const TrialLine& trial) {
  if (trial.number == 0) return kDefaults;
  return fmt::format("trial {}", trial.number);
}

// What would let a search be one: the defaults' run says what a run takes.
std::string longer_budget(const Outcome& out) {
  constexpr double kRuns = 25;
  double full_run = 0;
  for (const TrialLine& trial : out.trials)
    for (const RunLine& run : trial.runs)
      if (run.share == 1) full_run = std::max(full_run, run.seconds);
  return fmt::format(
      "a full run takes {}; the judgement takes two of them at least, and a search wants some twenty: the same command "
      "with --budget {:.0f}m goes on from here",
      report::seconds(full_run), std::max(1.0, std::ceil(kRuns * full_run / 60)));
}

// The trial's run in full of the search.
const StudyRun* search_run(const History& history, int64_t trial) {
  for (const StudyRun& run : history.runs)
    if (answers_all_rows(run.assignment) && run.assignment.trial == trial && run.state == tune::RunState::finished)
      return &run;
  return nullptr;
}

// Both sides' answers, by block; a block that one of them failed in is lost for both. Without any, what the search's
// own runs answered on these rows.
void add_verdict(const StudyPlan& plan, const History& history, const Finalist& finalist, Outcome& out) {
  const auto trial = std::find_if(out.trials.begin(), out.trials.end(),
                                  [&](const TrialLine& t) { return t.number == finalist.trial; });
  selection::Side found{.name = trial_name(*trial), .runs = {}}, usual{.name = kDefaults, .runs = {}};
  const auto add = [&](const StudyRun& mine, const StudyRun& theirs) {
    found.runs.push_back(answers_on(plan, mine.assignment, Purpose::verdict, finalist.precision));
    usual.runs.push_back(answers_on(plan, theirs.assignment, Purpose::verdict, out.defaults_precision));
  };
  for (int block = 0; block < most_seeds(plan); ++block) {
    const StudyRun *mine = verdict_run(history, finalist.trial, block), *theirs = verdict_run(history, 0, block);
    if (!mine || !theirs) continue;
    if (mine->state != tune::RunState::finished || theirs->state != tune::RunState::finished) {
      const StudyRun& failed = mine->state == tune::RunState::finished ? *theirs : *mine;
      out.notes.push_back(fmt::format("seed {} of the judgement is lost: {} {} ({})", block + 1,
                                      &failed == mine ? found.name : usual.name, name(failed.state), failed.failure));
      continue;
    }
    add(*mine, *theirs);
  }
  if (found.runs.empty()) {
    const StudyRun *mine = search_run(history, finalist.trial), *theirs = search_run(history, 0);
    if (!mine || !theirs) return;
    add(*mine, *theirs);
    out.new_seeds = false;
    out.notes.push_back(
        "no time was left for runs of the judgement: the search's own two models answered the rows that it never saw. "
        "What was found had the luck of its seed too: " +
        longer_budget(out));
  }
  double reference = 0;
  for (const auto& run : usual.runs)
    reference += std::abs(selection::value_of(run, plan.metric)) / static_cast<double>(usual.runs.size());
  out.judged.worth = compare::worth_of(plan.metric, plan.options.worth, reference);
  out.judged.judgements.push_back(selection::make_judgement(found, usual,
                                                            {.metric = plan.metric,
                                                             .worth = out.judged.worth,
                                                             .level = plan.options.level,
                                                             .draws = static_cast<int>(plan.options.draws),
                                                             .files = plan.files}));
}

// Where nothing is decided the side that did better is taken, since it costs no more; with --strict only what is
// better by more than what matters. Defaults that break a limit, or that came to nothing, are no answer.
void decide(const StudyPlan& plan, Outcome& out) {
  const bool no_defaults = !out.defaults_keep_limits || !out.defaults_failure.empty();
  if (out.judged.judgements.empty()) {
    out.finalist_taken = out.finalist && no_defaults;
    return;
  }
  const compare::Verdict& v = out.judged.judgements[0].verdict;
  out.finalist_proven = v.difference > 0 && (v.state == compare::State::better_by_worth ||
                                             (v.state == compare::State::better && !plan.options.strict));
  const bool leads = v.state == compare::State::undecided && v.difference > 0 && !plan.options.strict;
  out.finalist_taken = out.finalist_proven || leads || no_defaults;
}

// What `attune train` is told in place of what was searched.
std::map<std::string, std::string> told_options(const StudyPlan& plan, const tune::Point& point) {
  std::map<std::string, std::string> told = plan.space.space.options(point);
  if (told.erase(kRateTimes) > 0) told["lr"] = tune::number_text(options_at(plan.options, plan.space.space, &point).lr);
  return told;
}

std::string sentence_of(const Outcome& out) {
  if (!out.finalist)
    return "Keep the defaults: no trial that keeps the limits was trained in full, so none could be judged.";
  if (out.judged.judgements.empty() && out.finalist_taken)
    return fmt::format("Train with {}: the defaults {}, so nothing could be judged beside them.", out.chosen_text,
                       out.defaults_failure.empty() ? "break a limit" : "failed (" + out.defaults_failure + ")");
  if (out.judged.judgements.empty())
    return fmt::format(
        "Keep the defaults: trial {} came first in the search, but the judgement did not come to an end.",
        out.finalist->trial);
  const auto& judged = out.judged.judgements[0];
  const std::string state = report::state_text(selection::compared(out.judged, judged));
  if (out.finalist_proven) return fmt::format("Train with {}: on {}, {}.", out.chosen_text, out.judged_on(), state);
  if (!out.defaults_keep_limits)
    return fmt::format("Train with {}: the defaults break a limit. Judged beside them all the same: {}.",
                       out.chosen_text, state);
  if (out.finalist_taken)
    return fmt::format("Train with {}. It did better on {}, but that is {}.", out.chosen_text, out.judged_on(), state);
  return fmt::format("Keep the defaults: on {}, {}.", out.judged_on(), state);
}

// All that could be served, as tune/pareto.h ranks it.
std::vector<Offer> offers_of(const StudyPlan& plan, const Limits& limits, const std::vector<TrialLine>& trials) {
  const std::vector<tune::Objective> objectives{
      {plan.metric, plan.sign() > 0 ? tune::Better::more : tune::Better::less},
      {"latency_ms", tune::Better::less},
      {"bytes", tune::Better::less}};
  std::vector<tune::Limit> bounds;
  if (limits.latency_ms) bounds.push_back({1, true, *limits.latency_ms});
  if (limits.bytes) bounds.push_back({2, true, *limits.bytes});
  std::vector<Offer> offers;
  std::vector<std::vector<double>> values;
  for (const TrialLine& trial : trials)
    for (const Answering& each : trial.answers) {
      offers.push_back({.trial = trial.number, .answering = each, .keeps_limits = limits.keep(each)});
      values.push_back({each.value, each.latency_ms, each.bytes});
    }
  std::vector<Offer> ranked;
  for (const tune::Standing& standing : tune::standings(objectives, bounds, values)) {
    ranked.push_back(offers[standing.trial]);
    ranked.back().on_front = standing.front == 0 && standing.broken == 0;
  }
  std::stable_partition(ranked.begin(), ranked.end(), [](const Offer& offer) { return offer.keeps_limits; });
  return ranked;
}

tune::Importance importance_of(const StudyPlan& plan, const History& history) {
  std::vector<tune::Trial> trials;
  for (const StudyRun& run : history.runs)
    if (run.assignment.purpose == Purpose::search && run.assignment.point && run.state != tune::RunState::running)
      trials.push_back({.point = *run.assignment.point,
                        .value = run.value ? std::optional(plan.sign() * *run.value) : std::nullopt,
                        .fidelity = run.assignment.share});
  return tune::importance(plan.space.space, trials, {.seed = plan.options.train.seed});
}

}  // namespace

Outcome make_outcome(const StudyPlan& plan, const History& history, const std::optional<Finalist>& finalist) {
  const StudyOptions& o = plan.options;
  Standings standings = standings_of(plan, history);
  Outcome out{.judged = {},
              .model = o.train.model,
              .task = o.train.task,
              .metric = plan.metric,
              .budget = standings.budget,
              .seconds = history.now,
              .pool_rows = plan.pool_rows,
              .search = plan.search,
              .verdict = plan.verdict,
              .space = {},
              .defaults = plan.space.defaults,
              .trials = std::move(standings.trials),
              .verdict_runs = std::move(standings.verdict),
              .finalist = finalist,
              .importance = importance_of(plan, history)};
  out.judged.task = out.task, out.judged.metric = out.metric, out.judged.level = o.level, out.judged.files = plan.files;
  for (const tune::Dimension& dimension : plan.space.space.dimensions())
    out.space.emplace_back(dimension.name, tune::domain_text(dimension));
  out.limits = limits_of(o);
  if (out.limits.any()) out.offers = offers_of(plan, out.limits, out.trials);
  for (const TrialLine& trial : out.trials)
    if (trial.number == 0) out.defaults_keep_limits = trial.keeps_limits, out.defaults_precision = trial.precision;
  if (defaults_failed(history))
    for (const StudyRun& run : history.runs)
      if (answers_all_rows(run.assignment) && run.assignment.trial == 0) out.defaults_failure = run.failure;
  if (finalist) add_verdict(plan, history, *finalist, out);
  decide(plan, out);
  if (out.finalist_taken) {
    for (const TrialLine& trial : out.trials)
      if (trial.number == finalist->trial && trial.point) out.chosen = told_options(plan, *trial.point);
    out.chosen_text = differences_text(out.chosen, plan.space.defaults);
    if (!finalist->precision.empty()) out.chosen_text += ", answers in " + finalist->precision;
  } else {
    out.chosen_text = kDefaults;
    if (!out.defaults_precision.empty()) out.chosen_text += fmt::format(" (answers in {})", out.defaults_precision);
  }
  for (const std::string& note : plan.space.notes)
    out.notes.push_back("the defaults lie outside the space: " + note + "; they are tried and judged all the same");
  if (!finalist) out.notes.push_back(longer_budget(out));
  int64_t failed = 0;
  for (const StudyRun& run : history.runs) failed += run.state == tune::RunState::failed;
  if (failed > 0) out.notes.push_back(fmt::format("{} of {} runs failed", failed, history.runs.size()));
  out.sentence = sentence_of(out);
  return out;
}

train::TrainOptions final_options(const StudyPlan& plan, const History& history, const Outcome& outcome) {
  const tune::Point* point = nullptr;
  if (outcome.finalist_taken)
    for (const StudyRun& run : history.runs)
      if (run.assignment.trial == outcome.finalist->trial && run.assignment.point) point = &*run.assignment.point;
  return options_at(plan.options, plan.space.space, point);
}

}  // namespace attune::study
