#include "attune/study/final_model.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <thread>

#include "attune/base/error.h"
#include "attune/metrics/catalog.h"
#include "attune/selection/test_score.h"
#include "attune/study/judge_study.h"
#include "attune/tasks/model_record.h"
#include "attune/tasks/task.h"
#include "attune/train/checkpoint.h"
#include "attune/train/run.h"
#include "attune/train/run_folder.h"

namespace attune::study {
namespace {

// A note of the study: the folder that is its own to write to, and of which trial the model is that stands there.
constexpr const char* kFinalModel = "final_model";
nlohmann::json final_note(const std::string& folder, int64_t trial) {
  return {{"folder", fs::weakly_canonical(fs::absolute(folder)).string()}, {"trial", trial}};
}

}  // namespace

const char* reads_dev(const train::TrainOptions& t) {
  if (t.early_stopping > 0) return "--early-stopping";
  if (!t.best_metric.empty()) return "--best-metric";
  return t.correct_for.empty() ? nullptr : "--correct-for";
}

fs::path project_of(const StudyPlan& plan) {
  return plan.options.train.project.empty() ? plan.folder() : fs::path(plan.options.train.project);
}

void check_final_model(const StudyPlan& plan, StudyStore& store) {
  const std::string& folder = plan.options.final_model;
  if (folder.empty() || !fs::exists(folder)) return;
  if (!fs::is_directory(folder)) fail(ErrorKind::usage, "--final-model {} is a file; name a folder", folder);
  const nlohmann::json known = store.noted(kFinalModel);
  const bool own = known.is_object() && known.at("folder") == final_note(folder, 0).at("folder");
  if (own || fs::is_empty(folder)) return;
  if (!plan.options.train.overwrite) fail(ErrorKind::usage, "--final-model {} exists; name another folder", folder);
  if (!fs::exists(fs::path(folder) / train::kConfigFile))
    fail(ErrorKind::usage, "--final-model {} is not empty and was not made by `attune train`; name another folder",
         folder);
}

bool FinalModel::train(Outcome& outcome) {
  if (plan_.options.final_model.empty()) return true;
  const int64_t trial = outcome.finalist_taken ? outcome.finalist->trial : 0;
  for (;;) {
    const StudyRun* known = nullptr;
    History seen;
    auto claimed = store_.claim([&](const History& history) -> std::optional<Assignment> {
      seen = history, known = nullptr;
      for (const StudyRun& run : seen.runs)
        if (run.assignment.purpose == Purpose::final_model && run.assignment.trial == trial) known = &run;
      if (known) return std::nullopt;
      Assignment assignment{.purpose = Purpose::final_model, .trial = trial};
      for (const StudyRun& run : seen.runs)
        if (run.assignment.trial == trial) assignment.arm = run.assignment.arm, assignment.point = run.assignment.point;
      return assignment;
    });
    if (claimed) return train_claimed(*claimed, outcome);
    if (known && known->state != tune::RunState::running) {
      if (stands_in_folder(trial)) {
        tell_test(*known, outcome);
        return true;
      }
      store_.release(known->id);  // made elsewhere, removed, or replaced by another trial's
      continue;
    }
    if (observer_.stop_requested()) return false;
    std::this_thread::sleep_for(kLookAgain);
  }
}

bool FinalModel::is_noted_as(int64_t trial) {
  return store_.noted(kFinalModel) == final_note(plan_.options.final_model, trial);
}

bool FinalModel::stands_in_folder(int64_t trial) {
  return is_noted_as(trial) && fs::exists(fs::path(plan_.options.final_model) / tasks::kRecordFile);
}

train::TrainOptions FinalModel::training_of(const StudyRun& run, const Outcome& outcome) {
  train::TrainOptions t = final_options(plan_, store_.history(), outcome);
  t.out = plan_.options.final_model;
  t.project = project_of(plan_).string();
  t.predictions = t.predictions || metrics::has_arguments(plan_.metric);
  // Without --dev no row is held back, but for those who need some: thresholds of several labels are fitted on them.
  const bool reads = reads_dev(t) || tasks::task_named(t.task).kind == tasks::TaskKind::multilabel;
  if (t.dev.empty() && !reads) t.dev = "none";
  // What an interrupted training of the same trial left is gone on with, anything else replaced.
  t.resume = t.overwrite = false;
  if (fs::exists(t.out))
    (is_noted_as(run.assignment.trial) && train::newest_checkpoint(t.out) ? t.resume : t.overwrite) = true;
  return t;
}

bool FinalModel::train_claimed(StudyRun run, Outcome& outcome) try {
  const train::TrainOptions t = training_of(run, outcome);
  store_.note(kFinalModel, final_note(t.out, run.assignment.trial));
  observer_.note(
      fmt::format("training with {} on {}", outcome.chosen_text, t.dev == "none" ? "all rows" : "the training rows"));
  const double begun = store_.now();
  const train::RunResult result = train::run_training(t, observer_);
  if (result.state == train::RunResult::State::interrupted) {
    store_.release(run.id);
    return false;
  }
  for (const report::Split& split : result.report.splits)
    if (split.name == "test" && !t.test.empty()) {
      run.facts = {{"file", t.test}, {"rows", split.rows}};
      const metrics::Score score = selection::test_score(split, t, plan_.metric);
      run.facts["value"] = score.value;
      if (score.interval) run.facts["low"] = score.interval->low, run.facts["high"] = score.interval->high;
    }
  run.state = tune::RunState::finished, run.seconds = store_.now() - begun;
  store_.end(run);
  tell_test(run, outcome);
  return true;
} catch (...) {
  store_.release(run.id);
  throw;
}

void FinalModel::tell_test(const StudyRun& run, Outcome& outcome) {
  outcome.final_model = plan_.options.final_model;
  outcome.seconds = store_.now();
  if (!run.facts.is_object() || !run.facts.contains("value")) return;
  outcome.test = Outcome::Test{.file = run.facts.at("file"),
                               .rows = run.facts.at("rows"),
                               .value = run.facts.at("value").is_number() ? run.facts.at("value").get<double>() : NAN};
  if (run.facts.contains("low"))
    outcome.test->interval = metrics::Interval{.low = run.facts.at("low"), .high = run.facts.at("high")};
}

}  // namespace attune::study
