#include "attune/selection/measure/rows.h"

#include "attune/base/error.h"
#include "attune/selection/measure/rows_parts.h"

namespace attune::selection {

void measure_rows(const RowsToMeasure& what, Profile& profile) {
  const auto rows = static_cast<int64_t>(what.rows.examples.size());
  ATTUNE_CHECK(std::ssize(what.clusters.of_row) == rows, "{} rows, but clusters of {}", rows,
               what.clusters.of_row.size());
  const int64_t train = what.dev_from > 0 && what.dev_from < rows ? what.dev_from : rows;
  measure_labels(what, train, profile);
  measure_tokens(what, train, profile);
  measure_repeats(what, train, profile);
  if (!what.in_time.empty()) measure_drift(what, train, profile);
}

}  // namespace attune::selection
