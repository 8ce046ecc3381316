// --correct-for: corrections after training, fitted on dev and written into the model (metrics/correction.h).
//
//   classify    z' = z / T - shift: into classifier.weight and classifier.bias
//   multilabel  cuts: the folder's thresholds
//   tag         z'_O = z_O - cut: into classifier.bias
//   regress     a + b s: into classifier.weight and classifier.bias
#pragma once
#include <optional>
#include <string>

#include "attune/train/evaluate.h"
#include "attune/train/train_options.h"

namespace attune::train {

// Errors (usage), before anything is trained: no dev rows, a metric that the task does not have or that no correction
// serves, a loss whose last layer is not one plain output a label, tags and embeddings.
void check_correction(const TrainOptions& options, const tasks::ModelBundle& bundle, bool has_dev);

// Fits and writes; what was done, as a fact of the report ("cut: the second class from 0.38 on"; "none helps").
// Nothing where it was stopped.
std::optional<std::string> correct_model(const TrainOptions& options, tasks::ModelBundle& bundle,
                                         kernels::Kernels& kernels, const Split& train, const Split& dev,
                                         const std::function<bool()>& stop);

}  // namespace attune::train
