#include "attune/data/quantiles.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace attune::data {

Quantiles quantiles_of(std::vector<int32_t> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const auto count = static_cast<double>(values.size());
  const auto at = [&](double share) {
    const auto rank = static_cast<size_t>(std::ceil(share * count));
    return values[std::max<size_t>(rank, 1) - 1];
  };
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  return {values.front(), at(0.25), at(0.5), at(0.75), at(0.9), at(0.95), at(0.99), values.back(), sum / count};
}

}  // namespace attune::data
