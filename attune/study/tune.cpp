#include "attune/study/tune.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/base/scratch_file.h"
#include "attune/base/threads.h"
#include "attune/io/run_program.h"
#include "attune/metrics/catalog.h"
#include "attune/report/format.h"
#include "attune/selection/choice_folder.h"
#include "attune/selection/metric.h"
#include "attune/selection/test_score.h"
#include "attune/study/answers.h"
#include "attune/study/judge_study.h"
#include "attune/study/report/json.h"
#include "attune/study/report/page.h"
#include "attune/study/report/text.h"
#include "attune/study/schedule.h"
#include "attune/tasks/task.h"
#include "attune/track/wall_time.h"
#include "attune/train/checkpoint.h"
#include "attune/train/run.h"
#include "attune/train/run_folder.h"
#include "attune/train/split.h"

namespace attune::study {
namespace {

constexpr auto kPause = std::chrono::milliseconds(300);  // between two looks at what others do

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
  limits_of(o);
}

// A test file is asked at the end, hours later: what is wrong with it is said now.
void check_test(const train::TrainOptions& t, const tasks::ModelBundle& bundle) {
  if (t.test.empty()) return;
  auto rows =
      data::read_dataset({t.test}, bundle.task->data, t.read, data::TargetNeed::required, scratch_folder_for(t.out));
  train::make_split("test", t.test, std::move(rows), bundle);
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
  budget_of(plan);
  return {std::move(plan), std::move(divisions)};
}

fs::path project_of(const StudyPlan& plan) {
  return plan.options.train.project.empty() ? plan.folder() : fs::path(plan.options.train.project);
}

// A larger budget opens the search again, and then somebody else may be the one to judge.
void heed_budget(const StudyPlan& plan, StudyStore& store) {
  const double budget = budget_of(plan);
  if (store.once("budget", [&](const History&) { return nlohmann::json(budget); }).get<double>() >= budget) return;
  store.forget("budget"), store.forget("finalist");
  store.once("budget", [&](const History&) { return nlohmann::json(budget); });
}

constexpr const char* kFinalModel = "final_model";  // a note of the study: the folder that is its own to write to

// Said before hours of search: a folder that stands there, and is not this study's, is never replaced unasked.
void check_final_model(const StudyPlan& plan, StudyStore& store) {
  const std::string& folder = plan.options.final_model;
  if (folder.empty() || !fs::exists(folder) || fs::is_empty(folder) || plan.options.train.overwrite) return;
  if (store.once(kFinalModel, [](const History&) { return nlohmann::json(); }) == folder) return;
  fail(ErrorKind::usage, "--final-model {} exists; name another folder", folder);
}

// Other processes that work on the same study, each with its share of the threads.
class Helpers {
 public:
  Helpers(StudyPlan& plan, StudyObserver& observer) {
    const StudyOptions& o = plan.options;
    if (o.jobs < 2) return;
    const int threads = std::max(1, choose_threads(o.train.threads).threads / o.jobs);
    StudyOptions copy = o;
    copy.train.overwrite = false;
    OptionList list;
    copy.visit(list);
    nlohmann::json told = list.to_json();
    if (!o.train.lr_is_given) told.erase("lr");
    const fs::path config = plan.folder() / "jobs" / "options.json";
    write_file_atomically(config, told.dump(2) + "\n");
    const std::vector<std::string> command{o.program, "tune", "--config",  config.string(),
                                           "--jobs",  "1",    "--threads", std::to_string(threads)};
    plan.options.train.threads = threads;
    for (int helper = 1; helper < o.jobs; ++helper)
      helpers_.emplace_back([command, this] {
        const io::ProgramResult result = io::run_program(command);
        if (result.status != 0 && result.status != 130) {
          const std::lock_guard lock(mutex_);
          failures_.push_back(result.output);
        }
      });
    observer.note(fmt::format("{} processes, {} each", o.jobs, report::plural(threads, "thread")));
  }
  ~Helpers() { join(); }
  Helpers(const Helpers&) = delete;
  Helpers& operator=(const Helpers&) = delete;

  void join() {
    for (std::thread& helper : helpers_) helper.join();
    helpers_.clear();
  }
  const std::vector<std::string>& failures() const { return failures_; }

 private:
  std::vector<std::thread> helpers_;
  std::mutex mutex_;
  std::vector<std::string> failures_;
};

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
    const nlohmann::json decided = store_.once("finalist", [&](const History& history) {
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

  // The chosen options on all rows; false: stopped. Where another process trains it, waits for it.
  bool final_model(Outcome& outcome) {
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
          if (run.assignment.trial == trial)
            assignment.arm = run.assignment.arm, assignment.point = run.assignment.point;
        return assignment;
      });
      if (claimed) return train_final(*claimed, outcome);
      if (known && known->state != tune::RunState::running) {
        tell_test(*known, outcome);
        return true;
      }
      if (observer_.stop_requested()) return false;
      std::this_thread::sleep_for(kPause);
      store_.heard();
    }
  }

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
      std::this_thread::sleep_for(kPause);
      store_.heard();
    }
  }

  void look_up_expected() {
    if (expected_) return;
    const nlohmann::json known = store_.once("expected", [](const History&) { return nlohmann::json(); });
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

  bool train_final(StudyRun run, Outcome& outcome) {
    const History history = store_.history();
    train::TrainOptions t = final_options(plan_, history, outcome);
    t.out = plan_.options.final_model;
    t.project = project_of(plan_).string();
    const bool by_answers = metrics::has_arguments(plan_.metric);
    t.predictions = t.predictions || by_answers;
    if (fs::exists(t.out)) (train::newest_checkpoint(t.out) ? t.resume : t.overwrite) = true;
    store_.forget(kFinalModel);
    store_.once(kFinalModel, [&](const History&) { return nlohmann::json(t.out); });
    observer_.note(fmt::format("training with {} on all rows", outcome.chosen_text));
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
  }

  void tell_test(const StudyRun& run, Outcome& outcome) const {
    outcome.final_model = plan_.options.final_model;
    outcome.seconds = store_.now();
    if (!run.facts.is_object() || !run.facts.contains("value")) return;
    outcome.test =
        Outcome::Test{.file = run.facts.at("file"),
                      .rows = run.facts.at("rows"),
                      .value = run.facts.at("value").is_number() ? run.facts.at("value").get<double>() : NAN};
    if (run.facts.contains("low"))
      outcome.test->interval = metrics::Interval{.low = run.facts.at("low"), .high = run.facts.at("high")};
  }

  const StudyPlan& plan_;
  StudyStore& store_;
  StudyObserver& observer_;
  Worker worker_;
  std::optional<Expected> expected_;
  std::optional<Finalist> finalist_;
};

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
  Helpers helpers(plan, observer);
  Study study(plan, store, observer);
  if (!study.search() || !study.verdict()) return std::nullopt;
  Outcome outcome = study.outcome();
  if (!study.final_model(outcome)) return std::nullopt;
  helpers.join();
  for (const std::string& failure : helpers.failures())
    outcome.notes.push_back("a process that helped has failed: " + failure);
  const fs::path out = plan.folder();
  selection::write_train_config(out / "train.json", final_options(plan, store.history(), outcome));
  write_file_atomically(out / "report.html", to_html(outcome));
  write_file_atomically(out / "report.txt", to_text(outcome));
  write_file_atomically(out / "study.json", to_json(outcome).dump(2) + "\n");
  return outcome;
}

}  // namespace attune::study
