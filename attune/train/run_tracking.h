// A run and whoever keeps what it tells (track/tracker.h): --tensorboard, --wandb, --project. Reads the run and changes
// nothing in it; a run without trackers has no such object.
//
// What is told, and when:
//   after every --log-every steps, as metrics.jsonl has it: train/loss, train/learning_rate, train/gradient_norm,
//     train/examples_per_second; and gradient_norm/GROUP, before clipping
//   at each evaluation (without dev rows: where it would be): histograms weights/GROUP and gradients/GROUP of the last
//     step, as far as it reached them
//   at each evaluation: every metric as dev/NAME; curves of precision and recall; the confusion
//   at the end, of the model that is kept: every metric of dev and test; curves and confusion of test
// GROUP: embeddings, layer_1, ..., head; of word embeddings whose gradients are held by rows, the rows of the step.
// Curves: classify and multilabel; a curve a label where there are at most 20 (of two classes the second alone), else
// one of all labels together. Confusion: classify.
#pragma once
#include <memory>

#include "attune/metrics/score.h"
#include "attune/tasks/model_bundle.h"
#include "attune/track/tracker_list.h"
#include "attune/train/evaluate.h"
#include "attune/train/observer.h"
#include "attune/train/split_curves.h"
#include "attune/train/train_options.h"
#include "attune/train/train_step.h"

namespace attune::train {

class RunTracking {
 public:
  // Null where the options ask for no tracker. Looks whether each can be written to, and makes its folder where that
  // lies outside of the run's own. Errors: io.
  static std::unique_ptr<RunTracking> make(const TrainOptions& options, Observer& observer);
  // A run that was not told its end failed.
  ~RunTracking();
  RunTracking(const RunTracking&) = delete;
  RunTracking& operator=(const RunTracking&) = delete;

  struct Start {
    const tasks::ModelBundle& bundle;
    const nlohmann::json& identity;
    int64_t steps = 0, after_step = 0;
  };
  // The run's folder is there, nothing has been trained in this process. Errors: io, usage.
  void begin(const Start& start);

  // After step progress.step; `parameters` with its gradients still in their place, null where it learned nothing.
  void logged(const Progress& progress, const nn::Parameters* parameters);
  void parameters(int64_t step, const nn::Parameters& parameters);
  // `curves` was told the rows.
  void evaluated(int64_t step, const tasks::Evaluation& evaluation, const SplitCurves& curves);
  void mark(int64_t step);

  // Training is over, at this step; `seconds` were spent in steps.
  void trained(int64_t step, double seconds) { end_.step = step, end_.seconds = seconds; }
  // The model that is kept, judged on a split.
  void judged(const tasks::Evaluation& evaluation, const SplitCurves& curves);
  void end(track::EndState state);
  void fail_with(const std::string& error);

 private:
  // Curves and confusion.
  void show(int64_t step, const tasks::Evaluation& evaluation, const SplitCurves& curves);
  RunTracking(const TrainOptions& options, Observer& observer);
  TrainOptions options_;
  Observer& observer_;
  track::TrackerList trackers_;
  const tasks::ModelBundle* bundle_ = nullptr;
  std::vector<std::string> groups_;  // by depth
  track::RunEnd end_;
  bool begun_ = false;
};

}  // namespace attune::train
