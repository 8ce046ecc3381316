// Runs as ordinary `attune train` runs in the folder of a choice:
//
//   jobs/NAME.json   the options of a run: `attune train --config jobs/NAME.json` is that run, wherever it is started
//   runs/NAME/       its folder, without a model: predictions, reports, attune.json
#pragma once
#include <filesystem>

#include "attune/selection/job.h"
#include "attune/selection/plan.h"
#include "attune/train/observer.h"

namespace attune::selection {

// A run's options, as its jobs/NAME.json has them.
train::TrainOptions options_of(const Plan& plan, const std::filesystem::path& folder, const Job& job);

// Several runs at once, each a process of its own.
struct ProcessPool {
  int jobs = 1;         // at once
  std::string program;  // attune, by its path; runs `PROGRAM train --config ...`
};

// Takes what ran already (here or elsewhere), goes on where one was stopped, runs the rest. A run of other options or
// data in its place: error (usage).
class LocalRunner final : public JobRunner {
 public:
  LocalRunner(const Plan& plan, std::filesystem::path folder, train::Observer& observer, ProcessPool pool = {});
  // With a pool of several: runs those that are not finished; what fails there is told when it is asked for.
  void prepare(const std::vector<Job>& jobs) override;
  std::optional<Answers> run(const Job& job) override;
  // Stops a first run that would take longer than is left of a budget of time: errors (input).
  void set_time_limit(double budget, double spent) { budget_ = budget, spent_ = spent; }

 private:
  // Writes jobs/NAME.json; its path.
  std::filesystem::path write_config(const Job& job, const train::TrainOptions& options) const;
  void run_at_once(const std::vector<std::vector<std::string>>& commands);

  const Plan& plan_;
  std::filesystem::path folder_;
  train::Observer& observer_;
  ProcessPool pool_;
  double budget_ = 0, spent_ = 0;  // seconds; 0: no limit
};

// Takes what ran and runs nothing. Errors (input): a run is missing.
class StoredRunner final : public JobRunner {
 public:
  StoredRunner(const Plan& plan, std::filesystem::path folder) : plan_(plan), folder_(std::move(folder)) {}
  std::optional<Answers> run(const Job& job) override;

 private:
  const Plan& plan_;
  std::filesystem::path folder_;
};

}  // namespace attune::selection
