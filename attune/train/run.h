// `attune train` as a function: options in, a folder and a report out. It reads data, opens the model, trains,
// evaluates, and leaves in --out a Hugging Face folder with everything that tells how it came to be.
#pragma once
#include <optional>

#include "attune/report/profile.h"
#include "attune/report/report.h"
#include "attune/train/observer.h"
#include "attune/train/train_options.h"

namespace attune::train {

struct RunResult {
  enum class State { finished, interrupted, was_finished } state = State::finished;
  report::Report report = {};                   // if finished now
  std::optional<report::Profile> profile = {};  // if asked for, of the steps taken now
};

// Errors: everything a user can get wrong, before anything is written; then
// io, memory and numeric ones, after saving what can be saved.
RunResult run_training(TrainOptions options, Observer& observer);

}  // namespace attune::train
