// From the runs of a study to what was found: the verdict on its finalist, what mattered, what to train with.
#pragma once
#include "attune/study/outcome.h"

namespace attune::study {

// Reads the verdict's predictions from the runs' folders. `finalist`: as it was decided; nothing: no trial came that
// far.
Outcome make_outcome(const StudyPlan& plan, const History& history, const std::optional<Finalist>& finalist);

// `attune train --config`: the chosen options, over all rows.
train::TrainOptions final_options(const StudyPlan& plan, const History& history, const Outcome& outcome);

}  // namespace attune::study
