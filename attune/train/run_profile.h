// What --profile and --profile-trace leave of a run.
#pragma once
#include <optional>

#include "attune/train/step_profiler.h"
#include "attune/train/train_options.h"

namespace attune::train {

// A trace is a profile too.
bool wants_profile(const TrainOptions& options);

// Looks, and touches nothing: whether --profile-trace can be written when the steps are done. Errors (usage): its
// folder is missing or may not be written to; it is a folder, or another file than such a trace (only traces are
// replaced); it lies in --out, under a name that is not *trace.json.
void check_profile_trace(const TrainOptions& options);

// Leaves profile.json in the run's folder, and the trace; nothing where no step was profiled: a resumed run may have
// had none left to take. Errors: io.
report::Profile write_profile(const TrainOptions& options, const StepProfiler& profiler);

}  // namespace attune::train
