// The parts of measure_rows, a file each. `train`: rows [0, train) are measured; those behind are of a dev file.
#pragma once
#include "attune/selection/measure/rows.h"

namespace attune::selection {

void measure_labels(const RowsToMeasure& what, int64_t train, Profile& profile);
void measure_tokens(const RowsToMeasure& what, int64_t train, Profile& profile);
void measure_repeats(const RowsToMeasure& what, int64_t train, Profile& profile);
void measure_drift(const RowsToMeasure& what, int64_t train, Profile& profile);

}  // namespace attune::selection
