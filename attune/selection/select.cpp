#include "attune/selection/select.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "attune/base/files.h"
#include "attune/base/json.h"
#include "attune/metrics/catalog.h"
#include "attune/metrics/correction.h"
#include "attune/selection/choice_folder.h"
#include "attune/selection/divide.h"
#include "attune/selection/judge.h"
#include "attune/selection/metric.h"
#include "attune/selection/plan.h"
#include "attune/selection/pool.h"
#include "attune/selection/run_jobs.h"
#include "attune/selection/test_score.h"
#include "attune/tasks/adapter_folder.h"
#include "attune/train/checkpoint.h"
#include "attune/train/parts.h"
#include "attune/train/run.h"
#include "attune/train/run_folder.h"
#include "attune/train/run_judgement.h"
#include "attune/train/run_loss.h"
#include "attune/train/run_sources.h"

namespace attune::selection {
namespace {

void check(const SelectOptions& o, const tasks::Task& task) {
  const train::TrainOptions& t = o.train;
  if (task.kind == tasks::TaskKind::embed)
    fail(ErrorKind::usage,
         "--task embed: select-loss judges labels, scores and tags; train with several losses and seeds, and let "
         "`attune compare` say which is better");
  if (!t.parts.empty() || t.resume)
    fail(ErrorKind::usage, "{}: select-loss divides the rows itself, and goes on by itself where it stopped",
         t.parts.empty() ? "--resume" : "--parts");
  if (!t.teacher.empty()) fail(ErrorKind::usage, "--teacher: losses that learn from a teacher do not race yet");
  if (t.dev == "none")
    fail(ErrorKind::usage, "--dev none: leave --dev out; rows that judge are then taken from the training files");
  parse_budget(o.budget);
  if (o.by_time && !o.time.empty()) fail(ErrorKind::usage, "--by-time and --time say the order twice; give one");
  if (o.only_candidates && o.candidates.empty())
    fail(ErrorKind::usage, "--only-candidates: name the losses that are to race, each with --candidate");
}

// Losses as --loss would write them, each once: one that does not fit is told before anything is trained.
std::vector<std::string> checked_candidates(const SelectOptions& o, const Pool& pool) {
  std::vector<std::string> candidates;
  for (const std::string& named : o.candidates) {
    train::TrainOptions t = o.train;
    t.loss = named;
    std::string text =
        with_context([] { return "in --candidate"; },
                     [&] { return train::make_run_loss(t, *pool.bundle.task, pool.rows, pool.bundle.labels).text(); });
    if (std::find(candidates.begin(), candidates.end(), text) == candidates.end())
      candidates.push_back(std::move(text));
  }
  return candidates;
}

bool may_race(const SelectOptions& o) {
  const Budget budget = parse_budget(o.budget);
  return budget.seconds || spend(budget.runs, {}).race();
}

// As many as may be used; of slices of time just as many, so that the last ones are not left over.
int most_blocks(const SelectOptions& o) {
  const double runs = parse_budget(o.budget).runs;
  if (!may_race(o)) return spend(runs, {}).blocks;
  return o.by_time || !o.time.empty() ? least_blocks(runs) : kMostBlocks;
}

// What to train with: all rows, the chosen loss, the rate that won, and corrections where they are taken and a folder
// can hold them.
train::TrainOptions final_options(const SelectOptions& o, const Pool& pool, const Choice& choice) {
  train::TrainOptions t = o.train;
  t.loss = choice.loss, t.lr *= choice.rate_times;
  const losses::Objective loss = train::make_run_loss(t, *pool.bundle.task, pool.rows, pool.bundle.labels);
  const bool plain_layer = !loss.link() && loss.cosine_head() == 0;
  if ((choice.corrections_taken || choice.loss_is_proven) && plain_layer &&
      metrics::is_corrected(choice.metric, t.task))
    t.correct_for = choice.metric;
  return t;
}

// What a run said of its test split by the metric; nothing where it was interrupted.
std::optional<report::Split> tested(train::TrainOptions t, train::Observer& observer) {
  if (fs::exists(t.out) && train::newest_checkpoint(t.out)) t.resume = true, t.overwrite = false;
  const train::RunResult result = train::run_training(t, observer);
  if (result.state == train::RunResult::State::interrupted) return std::nullopt;
  for (const report::Split& split : result.report.splits)
    if (split.name == "test") return split;
  return report::Split{};
}

// The chosen loss on all rows, and the test split, once; beside it what the plain loss without corrections gives there,
// which takes a run of its own where that is another model.
bool train_final(const SelectOptions& o, const Pool& pool, Choice& choice, train::Observer& observer) {
  train::TrainOptions t = final_options(o, pool, choice);
  t.out = o.final_model;
  const bool by_answers = metrics::has_arguments(choice.metric);
  t.predictions = t.predictions || by_answers;
  const auto chosen = tested(t, observer);
  if (!chosen) return false;
  if (t.test.empty()) return true;
  const metrics::Score score = test_score(*chosen, t, choice.metric);
  choice.test = Choice::Test{
      .file = t.test, .rows = chosen->rows, .plain = score.value, .chosen = score.value, .interval = score.interval};
  if (!choice.loss_is_proven && t.correct_for.empty()) return true;
  observer.note("the plain loss on all rows, to stand beside it on the test split");
  train::TrainOptions plain = o.train;
  plain.loss = choice.plain_loss, plain.save_model = false, plain.ladder = false;
  plain.out = (fs::path(o.train.out) / "runs" / "test-plain").string();
  plain.overwrite = true, plain.predictions = by_answers;
  const auto beside = tested(plain, observer);
  if (!beside) return false;
  choice.test->plain = test_score(*beside, plain, choice.metric).value;
  return true;
}

}  // namespace

std::optional<Choice> select_loss(SelectOptions o, train::Observer& observer) {
  const tasks::Task& task = tasks::task_named(o.train.task);
  check(o, task);
  if (!o.train.lr_is_given)  // each run's config tells it
    o.train.lr = tasks::usual_rate(o.train.model, o.train.adapter, o.train.lr), o.train.lr_is_given = true;
  const std::string metric = chosen_metric(o.metric, task);
  const fs::path out = o.train.out;
  const auto begun = std::chrono::steady_clock::now();
  Pool pool(o, task);
  o.train.encode = pool.bundle.encode;  // the length that the model has room for: a demand in every run's config
  for (const auto& note : pool.rows.notes) observer.note(note);
  for (const auto& note : pool.bundle.notes) observer.note(note);
  check_metric(metric, task, pool.bundle.labels);
  o.candidates = checked_candidates(o, pool);
  observer.note("looking for rows that are the same, or nearly");
  const Clusters clusters = find_clusters(pool.rows.examples);
  const std::vector<Division> divisions =
      divide(pool.rows, task.data, clusters,
             {.dev_from = pool.dev_from, .blocks = most_blocks(o), .in_time = pool.in_time, .seed = o.train.seed});

  const Plan plan = plan_of(o, metric, pool, divisions);
  if (!check_choice_folder(out, plan_text(plan), o.train.overwrite)) write_plan(out, plan, divisions);
  if (!fs::exists(out / "profile.json")) {
    observer.note("measuring the rows and what the untrained encoder knows of them");
    auto profile = pool.measure(clusters, may_race(o) ? &divisions[0] : nullptr, metric, observer);
    if (!profile) return std::nullopt;
    profile->seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    write_file_atomically(out / "profile.json", profile_text(*profile));
  }
  const Profile profile = read_profile(out / "profile.json");
  LocalRunner runner(plan, out, observer, {.jobs = o.jobs, .program = o.program});
  if (const Budget budget = parse_budget(o.budget); budget.seconds)
    runner.set_time_limit(*budget.seconds, profile.seconds);
  std::optional<Choice> choice = judge(plan, profile, runner, [&](const std::string& text) { observer.note(text); });
  if (!choice) return std::nullopt;
  write_choice(out, *choice, final_options(o, pool, *choice));
  if (!o.final_model.empty()) {
    if (!train_final(o, pool, *choice, observer)) return std::nullopt;
    write_pages(out, *choice);
  }
  return choice;
}

Replayed replay(const std::string& folder) {
  const fs::path out = folder;
  if (!fs::exists(out / "plan.json"))
    fail(ErrorKind::usage, "--replay {}: no plan.json in it; name a folder that `attune select-loss --out` made",
         folder);
  const Plan plan = read_plan(out);
  StoredRunner runner(plan, out);
  Replayed replayed{.choice = *judge(plan, read_profile(out / "profile.json"), runner)};
  replayed.same = fs::exists(out / "verdict.json") && read_file(out / "verdict.json") == verdict_text(replayed.choice);
  return replayed;
}

}  // namespace attune::selection
