// The loss of a run, from its options and the labels of its training data.
#pragma once
#include <string>

#include "attune/data/dataset.h"
#include "attune/data/labels.h"
#include "attune/losses/objective.h"
#include "attune/tasks/task.h"
#include "attune/train/train_options.h"

namespace attune::train {

// What losses may know of the training rows: items by label (for tagging: words).
losses::LossFacts loss_facts(const data::Dataset& train, const data::Labels& labels);

// --loss, with --class-weights, --label-smoothing and --pos-weight for those of its terms that have them and do not say
// otherwise. Errors (usage): as losses::make_objective.
losses::Objective make_run_loss(const TrainOptions& options, const tasks::Task& task, const data::Dataset& train,
                                const data::Labels& labels);

// "class weights: card 0.5, cash 2" where --class-weights asked for some, else "".
std::string class_weights_note(const TrainOptions& options, const losses::LossFacts& facts);

}  // namespace attune::train
