// By what the best state is told on dev.
#pragma once
#include <string>

#include "attune/train/split.h"
#include "attune/train/train_options.h"

namespace attune::train {

// Whether the run keeps its best state rather than its last.
inline bool keeps_best(const TrainOptions& options) {
  return !options.best_metric.empty() || options.early_stopping > 0;
}

// --best-metric, or what it means where it was not said: metrics::default_best_metric, for tags without entities
// token_accuracy. `dev`: null where there is none. Errors (usage), where the run keeps its best state: there are no dev
// rows; no metric of this task; a metric that has no value for these labels and rows (F1 of three classes, entities of
// parts of speech), which would make the first state the best one for ever.
std::string best_metric_of(const TrainOptions& options, const tasks::ModelBundle& bundle, const Split* dev);

}  // namespace attune::train
