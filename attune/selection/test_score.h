// What a chosen model is told to be worth on the test file.
#pragma once
#include <string>

#include "attune/report/report.h"
#include "attune/train/train_options.h"

namespace attune::selection {

// The metric by the report of a run's test split (empty: it has none). Metrics with arguments are in no report; their
// value comes from the run's answers, which --predictions has left.
metrics::Score test_score(const report::Split& split, const train::TrainOptions& run, const std::string& metric);

}  // namespace attune::selection
