// What runs answered, ready to be corrected and judged.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "attune/compare/prediction_file.h"
#include "attune/data/labels.h"
#include "attune/metrics/correction.h"

namespace attune::selection {

struct Answers {
  compare::PredictionFile inner, judged;  // rows for corrections; rows that judge
  double seconds = 0;                     // that training took
  bool failed = false;                    // stopped by a numeric error, or one answer for every row
  std::string failure = {};
  // Fitted on the inner rows: RunBook does it, once, unless it is there already.
  std::optional<metrics::Correction> correction = {};
};

// What corrections need to know of the run's training rows.
struct LabelFacts {
  data::Labels labels;
  bool ordered = false;
  std::vector<double> counts = {};  // [K] rows by class
};

// Fitted on the inner rows, by `metric`.
metrics::Correction fit(const Answers& answers, const LabelFacts& facts, const std::string& metric);

// The rows with decisions made from the outputs alone, at the loss's own thresholds; and after a correction. Decisions
// that a file carries (thresholds that a run chose) are set aside.
compare::PredictionFile plain(compare::PredictionFile file);
compare::PredictionFile corrected(compare::PredictionFile file, const metrics::Correction& correction,
                                  const LabelFacts& facts);

// One answer for every row, from a run that learned nothing. Where at least four rows of five are just that class it is
// an answer, if a poor one, and a cut may yet find the others.
bool has_collapsed(const compare::PredictionFile& file);

// The metric's value; NaN where it is undefined.
double value_of(const compare::PredictionFile& file, const std::string& metric);

}  // namespace attune::selection
