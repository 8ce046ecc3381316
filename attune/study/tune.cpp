#include "attune/study/tune.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/base/scratch_file.h"
#include "attune/base/threads.h"
#include "attune/io/run_program.h"
#include "attune/metrics/catalog.h"
#include "attune/peft/method.h"
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
#include "attune/tasks/adapter_folder.h"
#include "attune/tasks/model_record.h"
#include "attune/tasks/task.h"
#include "attune/track/runs/process.h"
#include "attune/track/wall_time.h"
#include "attune/train/checkpoint.h"
#include "attune/train/run.h"
#include "attune/train/run_folder.h"
#include "attune/train/run_loss.h"
#include "attune/train/split.h"

namespace attune::study {
namespace {

constexpr auto kPause = std::chrono::milliseconds(300);  // between two looks at what others do

// An option that looks at dev rows while a run trains or when it ends; nullptr: none was given.
const char* reads_dev(const train::TrainOptions& t) {
  if (t.early_stopping > 0) return "--early-stopping";
  if (!t.best_metric.empty()) return "--best-metric";
  return t.correct_for.empty() ? nullptr : "--correct-for";
}

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

fs::path project_of(const StudyPlan& plan) {
  return plan.options.train.project.empty() ? plan.folder() : fs::path(plan.options.train.project);
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

// A note of the study: the folder that is its own to write to, and of which trial the model is that stands there.
constexpr const char* kFinalModel = "final_model";
nlohmann::json final_note(const std::string& folder, int64_t trial) {
  return {{"folder", fs::weakly_canonical(fs::absolute(folder)).string()}, {"trial", trial}};
}

// Said before hours of search: a folder that stands there, and is not this study's, is never replaced unasked; and one
// that is no run never.
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

// Other processes that work on the same study, each with its share of the threads.
class Helpers {
 public:
  Helpers(StudyPlan& plan, StudyObserver& observer) {
    const StudyOptions& o = plan.options;
    if (o.jobs < 2) return;
    const int threads = std::max(1, choose_threads(o.train.threads).threads / o.jobs);
    StudyOptions copy = o;
    OptionList list;
    copy.visit(list);
    nlohmann::json told = nlohmann::json::object();  // what was told, so that they search what this process searches
    const nlohmann::json all = list.to_json();
    for (std::string name : o.given) {
      std::replace(name.begin(), name.end(), '-', '_');
      if (name != "overwrite" && name != "json") told[name] = all.at(name);
    }
    const fs::path config = plan.folder() / "jobs" / "options.json";
    write_file_atomically(config, told.dump(2) + "\n");
    const std::vector<std::string> command{o.program, "tune", "--config",  config.string(),
                                           "--jobs",  "1",    "--threads", std::to_string(threads)};
    plan.options.train.threads = threads;
    for (int helper = 1; helper < o.jobs; ++helper)
      helpers_.emplace_back([command, this] {
        const io::ProgramResult result = io::run_program(command, &stop_);
        if (result.status != 0 && result.status != 130) {
          const std::lock_guard lock(mutex_);
          failures_.push_back(result.output);
        }
      });
    observer.note(fmt::format("{} processes, {} each", o.jobs, report::plural(threads, "thread")));
  }
  // Where this process ends early, so do they.
  ~Helpers() {
    stop_ = true;
    join();
  }
  Helpers(const Helpers&) = delete;
  Helpers& operator=(const Helpers&) = delete;

  void join() {
    for (std::thread& helper : helpers_) helper.join();
    helpers_.clear();
  }
  const std::vector<std::string>& failures() const { return failures_; }

 private:
  std::vector<std::thread> helpers_;
  std::atomic<bool> stop_ = false;
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
        if (stands_in_folder(trial)) {
          tell_test(*known, outcome);
          return true;
        }
        store_.release(known->id);  // made elsewhere, removed, or replaced by another trial's
        continue;
      }
      if (observer_.stop_requested()) return false;
      std::this_thread::sleep_for(kPause);
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

  bool is_noted_as(int64_t trial) { return store_.noted(kFinalModel) == final_note(plan_.options.final_model, trial); }
  // Whether the folder of the final model holds the one of this trial, whole.
  bool stands_in_folder(int64_t trial) {
    return is_noted_as(trial) && fs::exists(fs::path(plan_.options.final_model) / tasks::kRecordFile);
  }

  train::TrainOptions final_training(const StudyRun& run, const Outcome& outcome) {
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

  bool train_final(StudyRun run, Outcome& outcome) try {
    const train::TrainOptions t = final_training(run, outcome);
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
  if (!study.final_model(outcome)) return std::nullopt;
  helpers.join();
  for (const std::string& failure : helpers.failures())
    outcome.notes.push_back("a process that helped has failed: " + failure);
  write_report(plan, outcome);
  return outcome;
}

}  // namespace attune::study
