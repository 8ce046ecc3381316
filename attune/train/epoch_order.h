// The order of the rows in one epoch: a permutation that depends on (seed, epoch, number of rows) alone.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace attune::train {

// Fisher & Yates' shuffle (Durstenfeld 1964) with keyed draws; `shuffle` false: file order.
std::vector<int32_t> epoch_order(int64_t rows, uint64_t seed, int64_t epoch, bool shuffle);

}  // namespace attune::train
