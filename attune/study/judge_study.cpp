#include "attune/study/judge_study.h"

#include <algorithm>
#include <cmath>

#include "attune/base/error.h"
#include "attune/compare/worth.h"
#include "attune/metrics/catalog.h"
#include "attune/report/compared.h"
#include "attune/report/format.h"
#include "attune/selection/answers.h"
#include "attune/selection/judgement.h"
#include "attune/study/schedule.h"
#include "attune/tasks/task.h"
#include "attune/train/run_judgement.h"

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

// Both sides' answers, by block; a block that one of them failed in is lost for both.
void add_verdict(const StudyPlan& plan, const History& history, int64_t finalist, Outcome& out) {
  const data::TargetKind kind = tasks::task_named(out.task).data;
  const auto trial =
      std::find_if(out.trials.begin(), out.trials.end(), [&](const TrialLine& t) { return t.number == finalist; });
  selection::Side found{.name = trial_name(*trial), .runs = {}}, usual{.name = kDefaults, .runs = {}};
  for (int block = 0; block < most_seeds(plan); ++block) {
    const StudyRun *mine = verdict_run(history, finalist, block), *theirs = verdict_run(history, 0, block);
    if (!mine || !theirs) continue;
    if (mine->state != tune::RunState::finished || theirs->state != tune::RunState::finished) {
      const StudyRun& failed = mine->state == tune::RunState::finished ? *theirs : *mine;
      out.notes.push_back(fmt::format("seed {} of the judgement is lost: {} {} ({})", block + 1,
                                      &failed == mine ? found.name : usual.name, name(failed.state), failed.failure));
      continue;
    }
    const auto answers = [&](const StudyRun& run) {
      return compare::read_predictions(train::predictions_file(options_of(plan, run.assignment), "test").string(),
                                       kind);
    };
    found.runs.push_back(answers(*mine)), usual.runs.push_back(answers(*theirs));
  }
  if (found.runs.empty()) return;
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
// better by more than what matters.
void decide(const StudyPlan& plan, Outcome& out) {
  if (out.judged.judgements.empty()) return;
  const compare::Verdict& v = out.judged.judgements[0].verdict;
  out.finalist_proven = v.difference > 0 && (v.state == compare::State::better_by_worth ||
                                             (v.state == compare::State::better && !plan.options.strict));
  const bool leads = v.state == compare::State::undecided && v.difference > 0 && !plan.options.strict;
  out.finalist_taken = out.finalist_proven || leads;
}

// What `attune train` is told in place of what was searched.
std::map<std::string, std::string> told_options(const StudyPlan& plan, const tune::Point& point) {
  std::map<std::string, std::string> told = plan.space.space.options(point);
  if (told.erase(kRateTimes) > 0) told["lr"] = tune::number_text(options_at(plan.options, plan.space.space, &point).lr);
  return told;
}

std::string text_of(const std::map<std::string, std::string>& options,
                    const std::map<std::string, std::string>& usual) {
  std::string text;
  for (const auto& [name, value] : options) {
    const auto same = usual.find(name);
    if (same == usual.end() || same->second != value)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, value);
  }
  return text;
}

std::string sentence_of(const Outcome& out) {
  if (!out.finalist)
    return "Keep the defaults: no trial that keeps the limits was trained in full, so none could be judged.";
  if (out.judged.judgements.empty())
    return fmt::format(
        "Keep the defaults: trial {} came first in the search, but the judgement did not come to an end.",
        *out.finalist);
  const auto& judged = out.judged.judgements[0];
  const report::Compared told{.first = judged.first,
                              .second = judged.second,
                              .metric = out.metric,
                              .worth = out.judged.worth,
                              .level = out.judged.level,
                              .seen = judged.seen,
                              .verdict = judged.verdict};
  const std::string state = report::state_text(told);
  if (out.finalist_proven)
    return fmt::format("Train with {}: on rows and seeds that the search never saw, {}.", out.chosen_text, state);
  if (out.finalist_taken)
    return fmt::format("Train with {}. It did better on rows and seeds that the search never saw, but that is {}.",
                       out.chosen_text, state);
  return fmt::format("Keep the defaults: on rows and seeds that the search never saw, {}.", state);
}

// In the order in which they are told everywhere.
std::vector<tune::Standing> pareto_of(const StudyPlan& plan, const std::vector<TrialLine>& trials) {
  std::vector<tune::Objective> objectives{
      {plan.metric,
       metrics::metric_info(plan.metric).better == metrics::Better::higher ? tune::Better::more : tune::Better::less}};
  std::vector<tune::Limit> limits;
  const StudyOptions& o = plan.options;
  if (!o.max_latency.empty()) {
    limits.push_back({objectives.size(), true, parse_milliseconds(o.max_latency, "--max-latency")});
    objectives.push_back({"latency_ms", tune::Better::less});
  }
  if (!o.max_size.empty()) {
    limits.push_back({objectives.size(), true, parse_bytes(o.max_size, "--max-size")});
    objectives.push_back({"bytes", tune::Better::less});
  }
  if (objectives.size() == 1) return {};
  std::vector<std::vector<double>> values;
  for (const TrialLine& trial : trials) {
    std::vector<double> row{trial.ran_in_full() ? *trial.value : NAN};
    if (!o.max_latency.empty()) row.push_back(trial.latency_ms.value_or(NAN));
    if (!o.max_size.empty()) row.push_back(trial.bytes.value_or(NAN));
    values.push_back(std::move(row));
  }
  return tune::standings(objectives, limits, values);
}

tune::Importance importance_of(const StudyPlan& plan, const History& history) {
  std::vector<tune::Trial> trials;
  const double sign = metrics::metric_info(plan.metric).better == metrics::Better::higher ? 1 : -1;
  for (const StudyRun& run : history.runs)
    if (run.assignment.purpose == Purpose::search && run.assignment.point && run.state != tune::RunState::running)
      trials.push_back({.point = *run.assignment.point,
                        .value = run.value ? std::optional(sign * *run.value) : std::nullopt,
                        .fidelity = run.assignment.share});
  return tune::importance(plan.space.space, trials, {.seed = plan.options.train.seed});
}

}  // namespace

Outcome make_outcome(const StudyPlan& plan, const History& history, std::optional<int64_t> finalist) {
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
  if (!o.max_latency.empty()) out.max_latency_ms = parse_milliseconds(o.max_latency, "--max-latency");
  if (!o.max_size.empty()) out.max_bytes = parse_bytes(o.max_size, "--max-size");
  out.pareto = pareto_of(plan, out.trials);
  if (finalist) add_verdict(plan, history, *finalist, out);
  decide(plan, out);
  if (out.finalist_taken) {
    for (const TrialLine& trial : out.trials)
      if (trial.number == *finalist && trial.point) out.chosen = told_options(plan, *trial.point);
    out.chosen_text = text_of(out.chosen, plan.space.defaults);
  } else {
    out.chosen_text = kDefaults;
  }
  for (const std::string& note : plan.space.notes)
    out.notes.push_back("the defaults lie outside the space: " + note + "; they are tried and judged all the same");
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
      if (run.assignment.trial == *outcome.finalist && run.assignment.point) point = &*run.assignment.point;
  return options_at(plan.options, plan.space.space, point);
}

}  // namespace attune::study
