// attune train --loss auto: the choice and the training with it, without ceremony.
#pragma once
#include "attune/train/observer.h"
#include "attune/train/train_options.h"

namespace attune::cli {

// "auto" or "auto(metric=macro_f1, budget=8, ...)".
bool is_auto_loss(const std::string& loss);

// Makes the choice in OUT-choice, prints it, and trains the chosen loss to OUT. Returns the exit code. Errors (usage):
// options within auto(...) that select-loss does not have.
int train_with_auto_loss(train::TrainOptions options, train::Observer& observer);

}  // namespace attune::cli
