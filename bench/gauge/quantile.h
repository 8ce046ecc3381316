// A quantile of times, by the gauges that tell how long answers take.
#pragma once
#include <algorithm>
#include <cstddef>
#include <vector>

namespace attune::bench {

// The first of the sorted values that a share q of them does not exceed; 0 for none.
inline double quantile(const std::vector<double>& sorted, double q) {
  if (sorted.empty()) return 0;
  return sorted[std::min(sorted.size() - 1, static_cast<size_t>(q * static_cast<double>(sorted.size())))];
}

}  // namespace attune::bench
