// Two sides' files of predictions as blocks: a run of each on the same rows, one difference a block, and what the
// choice of rows adds to its variance.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "attune/compare/prediction_file.h"
#include "attune/compare/verdict.h"
#include "attune/metrics/statistics.h"

namespace attune::compare {

struct BlockOptions {
  std::string metric;
  int draws = 1000;
  uint64_t seed = 0;
};

// One block, as a reader wants to see it.
struct BlockFigures {
  double first = 0, second = 0;  // the metric's values
  int64_t rows = 0;
  int64_t only_first_right = 0,
          only_second_right = 0;  // rows; 0 where a row is neither right nor wrong (scores, ranks)
};

struct Comparison {
  Differences differences;  // in the metric's unit, turned so that more is better
  std::vector<BlockFigures> blocks;
  int64_t distinct_rows = 0;
  bool same_rows = false;  // in every block
  bool grouped = false;    // units are groups of rows
  std::vector<std::string> notes;
};

// `first` and `second` have as many files, each of the same rows as its partner. The variance by rows is that of
// `draws` resamples of the units (paired: both sides of all blocks get the same draw); a draw in which the metric is
// undefined is left out. Errors: usage (a metric that the kind of predictions does not have, or that needs
// probabilities which are not there or not complete), input (files of other rows, other gold for the same row, another
// kind).
Comparison compare_blocks(std::vector<PredictionFile> first, std::vector<PredictionFile> second,
                          const BlockOptions& options);

// "classify" of data::TargetKind::label, and so on: what the metrics' catalogue calls it.
const char* task_name(data::TargetKind kind);

}  // namespace attune::compare
