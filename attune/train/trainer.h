// The loop over steps: train, log, evaluate, keep the best, checkpoint, stop early or on request. It knows nothing of
// files of data or of reports; run.h puts everything together.
#pragma once
#include <filesystem>
#include <memory>

#include "attune/metrics/catalog.h"
#include "attune/train/batches.h"
#include "attune/train/best_metric.h"
#include "attune/train/checkpoint.h"
#include "attune/train/evaluate.h"
#include "attune/train/metrics_log.h"
#include "attune/train/observer.h"
#include "attune/train/step_profiler.h"
#include "attune/train/train_options.h"
#include "attune/train/train_step.h"

namespace attune::train {

class RunTracking;

// What a run does besides its steps, for the plan.
struct OtherWork {
  int64_t tokens = 0;  // read forward only: a head start, test, ladder
  double seconds = 0;  // whatever else
};

struct Outcome {
  RunState state;
  bool interrupted = false;  // stopped on request; a checkpoint was written
};

class Trainer {
 public:
  Trainer(const TrainOptions& options, tasks::ModelBundle& bundle, kernels::Kernels& kernels, const Split& train,
          const Split* dev, Observer& observer);

  // Chooses how many rows are at once in memory (where --micro-batch does not say), such that the process stays within
  // --memory-limit. Touches no file. Errors: memory, where even one row, or --micro-batch, needs more: names the
  // figures.
  void fit_memory();
  // Goes on from the newest checkpoint if there is one. Errors: as load_checkpoint.
  void resume(const nlohmann::json& identity);
  // No step has been taken.
  bool at_the_start() const { return state_.step == 0; }
  // Times a few dry passes (nothing is updated; draws are keyed, so nothing is disturbed) and estimates memory and the
  // time of the steps that are left.
  RunPlan plan(const OtherWork& other = {});
  // Tells `profiler`, whose kernels it was made with, of every step. It outlives the trainer.
  void tell(StepProfiler& profiler) { profiler_ = &profiler; }
  // Tells `tracking` of steps, evaluations and checkpoints. It outlives the trainer.
  void tell(RunTracking& tracking) { tracking_ = &tracking; }
  int64_t steps_taken() const { return state_.step; }
  int64_t steps() const { return total_steps_; }
  // Trains to the end (or until asked to stop) and leaves the last or best weights in the model, and a checkpoint of
  // them: what follows (judging, reports) may fail or be stopped, and --resume goes on there. Errors: numeric (the last
  // good state is saved, as a checkpoint and as a model), input (no row has a target that counts), io, memory.
  Outcome run(const nlohmann::json& identity);

 private:
  StepReport take_step();
  // --head-start linear. False where it was stopped.
  bool begin_with_linear_head();
  int64_t steps_per_epoch() const { return batches_.steps_per_epoch(); }
  // Finds bytes_per_token_; before anything larger has passed through the model.
  void measure_activations();
  double seconds_per_token();
  double memory_without_activations() const;  // bytes
  double kept_states() const;                 // bytes
  // Writes a checkpoint of the state as it stands; `last`: nothing is trained any more, so moments are left out.
  void save(const nlohmann::json& identity, bool last = false);
  // A step's loss or gradient is not finite: says which rows, and keeps what can be kept.
  void keep_last_good(Error& error, const nlohmann::json& identity);
  void check_learning(const StepReport& report);
  void log_rows(const StepReport& report);
  void log_step(const StepReport& report, double step_seconds);
  // What is looked at now and then: evaluation on dev, and for trackers the parameters.
  void look();
  void evaluate_dev();
  void log(const nlohmann::ordered_json& line);
  bool due(int64_t every) const { return every > 0 && state_.step % every == 0; }
  // A look at the model is due: an evaluation where there are dev rows.
  bool look_due() const;
  double epoch() const { return static_cast<double>(state_.step) / static_cast<double>(steps_per_epoch()); }
  bool best_is_kept() const { return dev_ && keeps_best(options_); }

  const TrainOptions& options_;
  tasks::ModelBundle& bundle_;
  kernels::Kernels& kernels_;
  const Split& train_;
  const Split* dev_;
  Observer& observer_;
  StepProfiler* profiler_ = nullptr;
  RunTracking* tracking_ = nullptr;
  StepBatches batches_;
  int64_t total_steps_;
  std::string best_metric_;
  bool learned_ = false;  // a step had an item that counts
  std::unique_ptr<optim::Optimizer> optimizer_;
  TrainStep step_;
  RunState state_;
  std::unique_ptr<MetricsLog> log_, row_log_;  // row_log_: --per-example alone
  int64_t window_tokens_ = 0, window_examples_ = 0, window_steps_ = 0;
  double window_seconds_ = 0, smooth_ms_ = 0;
  double bytes_per_token_ = 0;  // that a token of the longest rows needs on its way through the model and back
  double resident_without_activations_ = 0;  // bytes of the process, found at the same time
};

}  // namespace attune::train
