// The loss of a run, from its options and the labels of its training data.
#pragma once
#include <memory>
#include <vector>

#include "attune/data/dataset.h"
#include "attune/data/labels.h"
#include "attune/losses/loss.h"
#include "attune/tasks/task.h"
#include "attune/train/train_options.h"

namespace attune::train {

// --class-weights by class in the labels' order: none (empty), auto (N / (K n_c) by the training rows' counts, K the
// classes that occur; others get 0; for tagging by words), or the numbers given. Errors (usage): not a number, not as
// many as labels.
std::vector<double> class_weights(const TrainOptions& options, const data::Dataset& train, const data::Labels& labels);

// Errors (usage): as losses::make_loss and class_weights; --pos-weight with another number of values than 1 or labels.
std::unique_ptr<losses::Loss> make_run_loss(const TrainOptions& options, const tasks::Task& task,
                                            const data::Dataset& train, const data::Labels& labels);

// "class weights: card 0.5, cash 2" where they were computed, else "".
std::string class_weights_note(const TrainOptions& options, const data::Dataset& train, const data::Labels& labels);

}  // namespace attune::train
