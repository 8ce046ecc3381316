// What an evaluation leaves, as the values that a report shows. `attune train` and `attune eval` fill theirs with the
// same two functions.
#pragma once
#include <string>

#include "attune/report/report.h"
#include "attune/tasks/scorer.h"
#include "attune/train/split.h"

namespace attune::train {

inline constexpr size_t kMostMistakes = 20;  // that a report lists

// Scores, details, truncation and the worst mistakes of one evaluated split. Texts of rows enter only `with_texts`.
report::Split report_split(const tasks::ModelBundle& bundle, const Split& split, const tasks::Evaluation& evaluation,
                           bool with_texts);

// Task, labels (for tagging with their entity types) and what is known of the model. `model_name`: as the user
// named it.
report::Report base_report(const tasks::ModelBundle& bundle, const std::string& model_name);

}  // namespace attune::train
