// Holding out a part of the training data for evaluation.
#pragma once
#include <cstdint>
#include <vector>

#include "attune/data/dataset.h"

namespace attune::data {

struct HeldOut {
  std::vector<int32_t> kept, held;  // positions in the data set, ascending; together all of it
};

// Holds out about `share` (0..1) of the rows. Single label: stratified, so that each class gives its share (largest
// remainders settle the rounding) and never all of its rows. Which rows is drawn from their content and `seed`: it does
// not depend on their order, and equal texts stay on one side (that of the kept ones where labels differ); so do pairs
// of an embedding task with the same second text. Errors: input: fewer than two rows, or none can be held out though
// share is above 0; usage: share outside [0, 1).
HeldOut hold_out(const Dataset& dataset, TargetKind target, double share, uint64_t seed);

// The rows of `dataset` at `rows`, in that order; files and notes stay, and what the rows hold is shared.
Dataset take_rows(const Dataset& dataset, std::vector<int32_t> rows);

}  // namespace attune::data
