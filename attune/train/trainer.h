// The loop over steps: train, log, evaluate, keep the best, checkpoint, stop early or on request. It knows nothing of
// files of data or of reports; run.h puts everything together.
#pragma once
#include <filesystem>
#include <memory>

#include "attune/metrics/catalog.h"
#include "attune/train/batches.h"
#include "attune/train/checkpoint.h"
#include "attune/train/evaluate.h"
#include "attune/train/metrics_log.h"
#include "attune/train/observer.h"
#include "attune/train/train_options.h"
#include "attune/train/train_step.h"

namespace attune::train {

struct Outcome {
  RunState state;
  bool interrupted = false;  // stopped on request; a checkpoint was written
};

class Trainer {
 public:
  Trainer(const TrainOptions& options, tasks::ModelBundle& bundle, const losses::Loss& loss, kernels::Kernels& kernels,
          const Split& train, const Split* dev, Observer& observer);

  int64_t total_steps() const { return total_steps_; }
  int64_t steps_per_epoch() const { return batches_.steps_per_epoch(); }

  // Times a few dry passes (nothing is updated; draws are keyed, so nothing is disturbed) and estimates memory and
  // time. Touches no file. Errors: memory, where a step would need more than --memory-limit; it names the figure.
  // `tokens_afterwards`: what is read once more when training is over (test, ladder), forward only.
  RunPlan plan(int64_t tokens_afterwards = 0);

  // Goes on from the newest checkpoint if there is one. Errors: as load_checkpoint.
  void resume(const nlohmann::json& identity);
  // Trains to the end (or until asked to stop) and leaves the last or best weights in the model. Errors: numeric (after
  // saving the last good state), io, memory.
  Outcome run(const nlohmann::json& identity);

 private:
  // Refuses before the start a run whose largest micro-batch would need more than --memory-limit.
  void check_memory();
  // Writes a checkpoint of the state as it stands.
  void save(const nlohmann::json& identity);
  void log_step(const StepReport& report, double step_seconds);
  void evaluate_dev();
  void log(const nlohmann::ordered_json& line);
  bool due(int64_t every) const { return every > 0 && state_.step % every == 0; }
  bool evaluation_due() const;
  double epoch() const { return static_cast<double>(state_.step) / static_cast<double>(steps_per_epoch()); }
  bool keeps_best() const { return dev_ && (!options_.best_metric.empty() || options_.early_stopping > 0); }

  const TrainOptions& options_;
  tasks::ModelBundle& bundle_;
  const losses::Loss& loss_;
  kernels::Kernels& kernels_;
  const Split& train_;
  const Split* dev_;
  Observer& observer_;
  StepBatches batches_;
  int64_t total_steps_;
  std::string best_metric_;
  std::unique_ptr<optim::Optimizer> optimizer_;
  TrainStep step_;
  RunState state_;
  std::unique_ptr<MetricsLog> log_;
  int64_t window_tokens_ = 0, window_examples_ = 0, window_steps_ = 0;
  double window_seconds_ = 0, smooth_ms_ = 0;
};

}  // namespace attune::train
