#include "attune/selection/run_jobs.h"

#include <atomic>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <thread>

#include "attune/base/files.h"
#include "attune/base/json.h"
#include "attune/base/threads.h"
#include "attune/io/run_program.h"
#include "attune/report/format.h"
#include "attune/tasks/task.h"
#include "attune/train/checkpoint.h"
#include "attune/train/run.h"
#include "attune/train/run_folder.h"
#include "attune/train/run_judgement.h"
#include "attune/train/run_sources.h"

namespace attune::selection {
namespace {

constexpr const char* kFailed = "failed.json";

// Of a run, only what a person waiting for it wants to see; and whether it would take too long.
class JobObserver final : public train::Observer {
 public:
  JobObserver(train::Observer& outer, double limit) : outer_(outer), limit_(limit) {}
  void planned(const train::RunPlan& plan) override {
    planned_ = plan.seconds;
    too_long_ = limit_ > 0 && plan.seconds > limit_;
    outer_.planned(plan);
  }
  void progressed(const train::Progress& progress) override { outer_.progressed(progress); }
  bool stop_requested() override { return too_long_ || outer_.stop_requested(); }
  bool too_long() const { return too_long_; }
  double seconds() const { return planned_; }

 private:
  train::Observer& outer_;
  double limit_, planned_ = 0;
  bool too_long_ = false;
};

std::optional<nlohmann::json> record_of(const fs::path& run) {
  if (!fs::exists(run / "attune.json")) return std::nullopt;
  nlohmann::json record = parse_json(read_file(run / "attune.json"), (run / "attune.json").string());
  if (!record.contains("run")) return std::nullopt;
  return record;
}

Answers load(const train::TrainOptions& options, const nlohmann::json& record) {
  const data::TargetKind kind = tasks::task_named(options.task).data;
  const auto read = [&](const char* split) {
    return compare::read_predictions(train::predictions_file(options, split).string(), kind);
  };
  return {.inner = read("dev"), .judged = read("test"), .seconds = record.at("run").at("seconds").get<double>()};
}

std::optional<Answers> failed_before(const fs::path& run) {
  if (!fs::exists(run / kFailed)) return std::nullopt;
  const auto record = parse_json(read_file(run / kFailed), (run / kFailed).string());
  return Answers{.inner = {}, .judged = {}, .failed = true, .failure = record.value("failure", "")};
}

// What a failed run leaves: why it failed, and neither model nor checkpoints.
Answers keep_failure(const fs::path& run, const std::string& why) {
  fs::create_directories(run);
  fs::remove_all(run / "checkpoints"), fs::remove(run / "model.safetensors");
  write_file_atomically(run / kFailed, nlohmann::json{{"failure", why}}.dump(2) + "\n");
  return {.inner = {}, .judged = {}, .failed = true, .failure = why};
}

void check_same(const nlohmann::json& record, const train::TrainOptions& options, const fs::path& run) {
  const auto identity = record.find("identity");
  if (identity == record.end()) return;
  nlohmann::json now = train::run_identity(options, train::fingerprint_sources(options), "", "");
  for (const auto& [key, value] : now.items())
    if (key != "model_sha256" && key != "precision_in_force" && (!identity->contains(key) || (*identity)[key] != value))
      fail(ErrorKind::usage, "{} was made with another {} ({} instead of {}); remove it, or choose in another --out",
           run.string(), key, identity->contains(key) ? (*identity)[key].dump() : "none", value.dump());
}

}  // namespace

train::TrainOptions options_of(const Plan& plan, const fs::path& folder, const Job& job) {
  train::TrainOptions o = plan.options.train;
  o.train = plan.files;
  o.dev.clear(), o.test.clear();
  o.parts = (folder / plan.blocks.at(job.block).parts).string();
  if (!plan.labels.empty()) o.labels = (folder / "labels.txt").string();
  o.loss = job.loss;
  o.lr *= job.rate_times;
  o.epochs *= job.schedule;
  if (o.max_steps > 0)
    o.max_steps = std::max<int64_t>(1, std::llround(static_cast<double>(o.max_steps) * job.schedule));
  if (job.frozen > 0) o.freeze_layers = job.frozen, o.cache_frozen = true;
  o.seed = job.seed;
  o.out = (folder / "runs" / job.name).string();
  o.predictions = true, o.save_model = false;
  o.ladder = false, o.bootstrap = 0;
  o.resume = o.overwrite = o.json = false;
  return o;
}

LocalRunner::LocalRunner(const Plan& plan, fs::path folder, train::Observer& observer, ProcessPool pool)
    : plan_(plan), folder_(std::move(folder)), observer_(observer), pool_(std::move(pool)) {}

fs::path LocalRunner::write_config(const Job& job, const train::TrainOptions& options) const {
  fs::path path = folder_ / "jobs" / (job.name + ".json");
  fs::create_directories(path.parent_path()), fs::create_directories(folder_ / "runs");
  train::write_options(path, options);
  return path;
}

void LocalRunner::prepare(const std::vector<Job>& jobs) {
  if (pool_.jobs < 2) return;
  std::vector<std::vector<std::string>> commands;
  for (const Job& job : jobs) {
    const train::TrainOptions options = options_of(plan_, folder_, job);
    const fs::path run = options.out;
    if (fs::exists(run / kFailed) || record_of(run)) continue;
    std::vector<std::string> command{
        pool_.program, "train",
        "--config",    write_config(job, options).string(),
        "--threads",   std::to_string(std::max(1, choose_threads(options.threads).threads / pool_.jobs))};
    if (fs::exists(run)) command.emplace_back(train::newest_checkpoint(run) ? "--resume" : "--overwrite");
    commands.push_back(std::move(command));
  }
  if (commands.size() < 2) return;
  observer_.note(fmt::format("{} runs, {} at once", commands.size(),
                             std::min<size_t>(commands.size(), static_cast<size_t>(pool_.jobs))));
  run_at_once(commands);
}

// A command that fails is run again where its run is asked for, and says there why. Whoever is asked to stop asks them.
void LocalRunner::run_at_once(const std::vector<std::vector<std::string>>& commands) {
  constexpr auto kLook = std::chrono::milliseconds(50);
  std::atomic<size_t> next{0};
  std::atomic<int> working{pool_.jobs};
  std::atomic<bool> stop{false};
  std::vector<std::thread> workers;
  for (int worker = 0; worker < pool_.jobs; ++worker)
    workers.emplace_back([&] {
      try {
        for (size_t at = next++; at < commands.size() && !stop; at = next++) io::run_program(commands[at], &stop);
      } catch (const Error&) {  // not even begun: likewise
      }
      --working;
    });
  while (working > 0) {
    if (observer_.stop_requested()) stop = true;
    std::this_thread::sleep_for(kLook);
  }
  for (std::thread& worker : workers) worker.join();
}

std::optional<Answers> LocalRunner::run(const Job& job) {
  train::TrainOptions options = options_of(plan_, folder_, job);
  const fs::path run = options.out;
  if (auto failed = failed_before(run)) return failed;
  if (const auto record = record_of(run)) {
    check_same(*record, options, run);
    return load(options, *record);
  }
  if (observer_.stop_requested()) return std::nullopt;
  write_config(job, options);
  if (fs::exists(run)) (train::newest_checkpoint(run) ? options.resume : options.overwrite) = true;
  JobObserver observer(observer_, budget_ > 0 ? std::max(1e-3, budget_ - spent_) : 0);
  try {
    const train::RunResult result = train::run_training(options, observer);
    if (observer.too_long()) {
      fs::remove_all(run);
      fail(ErrorKind::input,
           "nothing can be decided in {}: measuring the rows took {}, a single run of {} takes about {}. Give --budget "
           "{:.0f}s or more",
           report::seconds(budget_), report::seconds(spent_), job.loss, report::seconds(observer.seconds()),
           std::ceil(1.3 * (spent_ + observer.seconds())));
    }
    if (result.state == train::RunResult::State::interrupted) return std::nullopt;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::numeric) throw;
    return keep_failure(run, error.message());
  }
  return load(options, *record_of(run));
}

std::optional<Answers> StoredRunner::run(const Job& job) {
  const train::TrainOptions options = options_of(plan_, folder_, job);
  if (auto failed = failed_before(options.out)) return failed;
  const auto record = record_of(options.out);
  if (!record)
    fail(ErrorKind::input,
         "{} is not there or not finished; `attune select-loss` with the options of plan.json goes on", options.out);
  return load(options, *record);
}

}  // namespace attune::selection
