#include "attune/study/tune.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/base/scratch_file.h"
#include "attune/peft/method.h"
#include "attune/selection/choice_folder.h"
#include "attune/selection/metric.h"
#include "attune/study/answers.h"
#include "attune/study/final_model.h"
#include "attune/study/helpers.h"
#include "attune/study/judge_study.h"
#include "attune/study/report/json.h"
#include "attune/study/report/page.h"
#include "attune/study/report/text.h"
#include "attune/study/schedule.h"
#include "attune/tasks/adapter_folder.h"
#include "attune/tasks/task.h"
#include "attune/track/runs/process.h"
#include "attune/track/wall_time.h"
#include "attune/train/run_loss.h"
#include "attune/train/split.h"

namespace attune::study {
namespace {

void check(const StudyOptions& o, const tasks::Task& task) {
  const train::TrainOptions& t = o.train;
  if (task.kind == tasks::TaskKind::embed)
    fail(ErrorKind::usage, "--task embed: tune judges labels, scores and tags; vectors it cannot judge yet");
  if (!t.parts.empty() || t.resume)
    fail(ErrorKind::usage, "{}: tune divides the rows itself, and goes on by itself where it stopped",
         t.parts.empty() ? "--resume" : "--parts");
  if (t.dev == "none")
    fail(ErrorKind::usage, "--dev none: leave --dev out; rows that judge are then taken from the training files");
  if (o.by_time && !o.time.empty()) fail(ErrorKind::usage, "--by-time and --time say the order twice; give one");
  if ((o.by_time || !o.time.empty()) && !t.dev.empty())
    fail(ErrorKind::usage, "{}: the rows of --dev judge, whenever they are of; leave one of them out",
         o.by_time ? "--by-time" : "--time");
  if (const char* reader = reads_dev(t); reader && !o.final_model.empty() && t.dev.empty() && !t.test.empty())
    fail(ErrorKind::usage, "{}: the final training would have no rows for it; give --dev, or leave out {} or --test",
         reader, reader);
  parse_seconds(o.budget, "--budget");
  limits_of(o);
}

// A test file is asked at the end, hours later: what is wrong with it is said now.
void check_test(const train::TrainOptions& t, const tasks::ModelBundle& bundle) {
  if (t.test.empty()) return;
  auto rows =
      data::read_dataset({t.test}, bundle.task->data, t.read, data::TargetNeed::required, scratch_folder_for(t.out));
  train::make_split("test", t.test, std::move(rows), bundle);
}

// Values that no run could take are told before anything runs.
void check_space(const StudyPlan& plan, const selection::Pool& pool, const tasks::Task& task) {
  for (const SpaceProbe& probe : probes_of(plan.space.space))
    with_context([&] { return fmt::format("in the space of '{}'", probe.dimension); },
                 [&] {
                   const train::TrainOptions t = options_at(plan.options, plan.space.space, &probe.point);
                   if (!t.adapter.empty()) peft::make_method(t.adapter);
                   train::make_run_loss(t, task, pool.rows, pool.bundle.labels);
                 });
}

struct Prepared {
  StudyPlan plan;
  std::vector<selection::Division> divisions;
};

// The rows are read and divided, and the model opened once, so that whatever is wrong is said before anything runs.
Prepared prepare(StudyOptions o, StudyObserver& observer) {
  const tasks::Task& task = tasks::task_named(o.train.task);
  check(o, task);
  const std::string metric = selection::chosen_metric(o.metric, task);
  if (!o.train.lr_is_given) o.train.lr = tasks::usual_rate(o.train.model, "", o.train.lr);
  selection::SelectOptions of_rows;
  of_rows.train = o.train, of_rows.by_time = o.by_time, of_rows.time = o.time;
  const selection::Pool pool(of_rows, task);
  o.train.encode = pool.bundle.encode;  // the length that the model has room for: a demand in every run's config
  for (const auto& note : pool.rows.notes) observer.note(note);
  for (const auto& note : pool.bundle.notes) observer.note(note);
  selection::check_metric(metric, task, pool.bundle.labels);
  check_test(o.train, pool.bundle);
  observer.note("looking for rows that are the same, or nearly");
  auto divisions = divide_rows(pool, o, task);
  StudyPlan plan = plan_of(o, metric, pool, divisions);
  check_space(plan, pool, task);
  return {std::move(plan), std::move(divisions)};
}

// More time, or more trials, open the search again, and then somebody else may be the one to judge.
void heed_budget(const StudyPlan& plan, StudyStore& store) {
  constexpr double kNoEnd = 1e18;
  const double budget = budget_of(plan),
               trials = plan.options.trials > 0 ? static_cast<double>(plan.options.trials) : kNoEnd;
  const nlohmann::json known = store.once("budget", [&](const History&) {
    return nlohmann::json{{"seconds", budget}, {"trials", trials}};
  });
  const double seconds = known.at("seconds"), most = known.at("trials");
  if (seconds >= budget && most >= trials) return;
  store.note("budget", {{"seconds", std::max(seconds, budget)}, {"trials", std::max(most, trials)}});
  store.forget(kFinalist);
  if (budget > seconds) store.forget_late_runs();
}

// How many processes work on the study. Those that a command with --jobs started ask what it said.
int processes_of(const StudyOptions& o, StudyStore& store) {
  constexpr const char* kProcesses = "processes";
  if (o.jobs > 1) store.note(kProcesses, {{"count", o.jobs}, {"begun_by", track::this_process()}});
  const nlohmann::json known = store.noted(kProcesses);
  const bool joins = known.is_object() && track::is_running(known.at("begun_by").get<std::string>()).value_or(false);
  return joins ? known.at("count").get<int>() : 1;
}

class Study {
 public:
  Study(const StudyPlan& plan, StudyStore& store, StudyObserver& observer)
      : plan_(plan), store_(store), observer_(observer), worker_(plan, store, observer) {}

  // False: stopped.
  bool search() {
    return work([&](const History& history) { return next(history); }, Purpose::search);
  }

  // False: stopped.
  bool verdict() {
    const nlohmann::json decided = store_.once(kFinalist, [&](const History& history) {
      const auto finalist = finalist_of(plan_, history);
      return finalist ? nlohmann::json{{"trial", finalist->trial}, {"precision", finalist->precision}}
                      : nlohmann::json{{"trial", nullptr}};
    });
    if (decided.at("trial").is_null()) return true;
    finalist_ = Finalist{.trial = decided.at("trial"), .precision = decided.at("precision")};
    return work([&](const History& history) { return next_of_verdict(plan_, finalist_->trial, history); },
                Purpose::verdict);
  }

  Outcome outcome() { return make_outcome(plan_, store_.history(), finalist_); }

 private:
  Next next(const History& history) {
    const bool begun = std::any_of(history.runs.begin(), history.runs.end(), [](const StudyRun& run) {
      return run.assignment.purpose == Purpose::search && run.assignment.trial == 0;
    });
    if (begun && !expected_) {
      return {.wait = true};  // another process is about to find out how long a run takes
    }
    Expected guess{.full_run = 1e-3, .fixed = 0};
    return next_of_search(plan_, expected_.value_or(guess), history);
  }

  template <class Decide>
  bool work(const Decide& decide, Purpose purpose) {
    for (;;) {
      if (observer_.stop_requested()) return false;
      look_up_expected();
      Next next;
      const auto claimed = store_.claim([&](const History& history) {
        next = decide(history);
        return next.assignment;
      });
      const History history = store_.history();
      observer_.stands(standings_of(plan_, history));
      if (claimed) {
        const double deadline = expected_ ? deadline_of(plan_, *expected_, history, purpose) : budget_of(plan_);
        if (!worker_.run(*claimed, deadline, [&](const train::RunPlan& plan) { expect(plan); })) return false;
        continue;
      }
      if (!next.wait) return true;
      std::this_thread::sleep_for(kLookAgain);
    }
  }

  void look_up_expected() {
    if (expected_) return;
    const nlohmann::json known = store_.noted("expected");
    if (!known.is_null()) expected_ = Expected::from_json(known);
  }

  // By the first run's plan; what does not fit the budget is told before anything is trained.
  void expect(const train::RunPlan& plan) {
    if (expected_) return;
    constexpr double kOpening = 0.3;  // seconds, of model and rows
    const Expected expected{.full_run = plan.seconds + kOpening, .fixed = kOpening + 0.05 * plan.seconds};
    check_budget(plan_, expected);
    expected_ = Expected::from_json(store_.once("expected", [&](const History&) { return expected.to_json(); }));
  }

  const StudyPlan& plan_;
  StudyStore& store_;
  StudyObserver& observer_;
  Worker worker_;
  std::optional<Expected> expected_;
  std::optional<Finalist> finalist_;
};

void write_report(const StudyPlan& plan, const Outcome& outcome) {
  const fs::path out = plan.folder();
  write_file_atomically(out / "report.html", to_html(outcome));
  write_file_atomically(out / "report.txt", to_text(outcome));
  write_file_atomically(out / "study.json", to_json(outcome).dump(2) + "\n");
}

}  // namespace

std::optional<Outcome> run_study(StudyOptions options, StudyObserver& observer) {
  const double began = track::wall_time();
  Prepared prepared = prepare(std::move(options), observer);
  StudyPlan& plan = prepared.plan;
  check_study_folder(plan);
  StudyStore store =
      StudyStore::open(project_of(plan), plan.folder(), plan.text(), plan.options.train.overwrite, began);
  write_plan(plan, prepared.divisions);
  heed_budget(plan, store);
  check_final_model(plan, store);
  plan.processes = processes_of(plan.options, store);
  Helpers helpers(plan, observer);
  Study study(plan, store, observer);
  if (!study.search() || !study.verdict()) return std::nullopt;
  Outcome outcome = study.outcome();
  selection::write_train_config(plan.folder() / "train.json", final_options(plan, store.history(), outcome));
  write_report(plan, outcome);  // before the final training, so that nothing is lost where that fails
  if (!FinalModel(plan, store, observer).train(outcome)) return std::nullopt;
  helpers.join();
  for (const std::string& failure : helpers.failures())
    outcome.notes.push_back("a process that helped has failed: " + failure);
  write_report(plan, outcome);
  return outcome;
}

}  // namespace attune::study
