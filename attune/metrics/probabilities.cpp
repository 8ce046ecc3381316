#include "attune/metrics/probabilities.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace attune::metrics {

std::vector<double> softmax(std::span<const float> logits) {
  const double largest = static_cast<double>(*std::max_element(logits.begin(), logits.end()));
  std::vector<double> values;
  for (const float z : logits) values.push_back(std::exp(static_cast<double>(z) - largest));
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  for (double& value : values) value /= sum;
  return values;
}

std::vector<double> sigmoids(std::span<const float> logits) {
  std::vector<double> values;
  for (const float z : logits) values.push_back(1 / (1 + std::exp(-static_cast<double>(z))));
  return values;
}

}  // namespace attune::metrics
