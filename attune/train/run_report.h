// What an evaluation leaves, as the values that a report shows. `attune train` and `attune eval` fill theirs with the
// same two functions.
#pragma once
#include <string>

#include "attune/report/report.h"
#include "attune/tasks/scorer.h"
#include "attune/train/checkpoint.h"
#include "attune/train/split.h"

namespace attune::train {

inline constexpr size_t kMostMistakes = 20;  // that a report lists

// Scores, details, truncation and the worst mistakes of one evaluated split. Texts of rows enter only `with_texts`.
report::Split report_split(const tasks::ModelBundle& bundle, const Split& split, const tasks::Evaluation& evaluation,
                           bool with_texts);

// Task, labels (for tagging with their entity types) and what is known of the model. `model_name`: as the user
// named it.
report::Report base_report(const tasks::ModelBundle& bundle, const std::string& model_name);

// The learning curves, from a run's metrics.jsonl (a resumed run's hold all of it): loss and rate of the training
// lines, `metric` and loss of the evaluations. Lines without a step are left out. Errors: io.
void read_curve(report::Report& report, const fs::path& log, const std::string& metric);

// "step 40, the best dev accuracy (0.9312)": of which step the saved state is, where the best by `metric` was kept.
std::string kept_state(const std::string& metric, const RunState& state);

}  // namespace attune::train
