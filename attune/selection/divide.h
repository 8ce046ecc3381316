// Which rows each run learns from and which judge it. Rows of a cluster (near duplicates) stay together.
//
//   no dev file   five folds. The race judges fold 1; verdict block s judges fold 1 + s, and beyond four blocks folds
//   of
//                 a new grouping of the rows outside fold 1, so that what the race was judged by judges no verdict
//   by time       no dev file, and the order of time is known: the later half is cut into a slice for each
//                 block, the race's first; a block learns from all that lies before its slice (copies of judging rows
//                 left out), as the model will be used
//   a dev file    all training rows learn, but for copies of judging rows; 40% of the dev rows judge the race, the rest
//                 every verdict block
//
// Of the rows that a run may learn from, an eighth is set aside inside (`d`): corrections are fitted there. Class
// labels and, of several labels, each row's rarest are spread evenly. Which rows is drawn from their content and the
// seed, not from their order.
#pragma once
#include <string>
#include <vector>

#include "attune/data/dataset.h"
#include "attune/selection/measure/clusters.h"

namespace attune::selection {

struct Division {
  std::string of_row;  // [rows]: t learns, d corrections, e judges, - neither; as train::parts_text takes it
  int64_t learns = 0, inner = 0, judges = 0;
};

struct DivideOptions {
  int64_t dev_from = 0;               // rows from here on are of a dev file; all rows: there is none
  int blocks = 1;                     // of the verdict
  std::vector<int32_t> in_time = {};  // all rows in the order of time; empty: it is not asked for
  uint64_t seed = 1;
  int64_t most_judges = 20000;  // of a block; more rows say little about the next run
};

// The race's first, then the verdict's. Errors (input): rows that cannot be divided (fewer than kLeastRows).
inline constexpr int64_t kLeastRows = 50;
std::vector<Division> divide(const data::Dataset& rows, data::TargetKind target, const Clusters& clusters,
                             const DivideOptions& options);

}  // namespace attune::selection
