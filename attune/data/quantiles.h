// The shape of a set of lengths.
#pragma once
#include <cstdint>
#include <vector>

namespace attune::data {

// Nearest-rank quantiles: the smallest value that at least the share p of all values does not exceed. All 0 where there
// are no values.
struct Quantiles {
  int32_t min = 0, p25 = 0, p50 = 0, p75 = 0, p90 = 0, p95 = 0, p99 = 0, max = 0;
  double mean = 0;
};

Quantiles quantiles_of(std::vector<int32_t> values);

}  // namespace attune::data
