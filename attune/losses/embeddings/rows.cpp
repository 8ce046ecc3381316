#include "attune/losses/embeddings/rows.h"

#include <algorithm>
#include <cmath>

namespace attune::losses {

std::vector<int32_t> classes_that_count(const Targets& targets) {
  std::vector<int32_t> classes = targets.classes;
  for (size_t i = 0; i < classes.size(); ++i)
    if (targets.weight(static_cast<int64_t>(i)) == 0) classes[i] = kIgnored;
  return classes;
}

size_t others_of_class(std::span<const int32_t> classes, size_t i) {
  if (classes[i] == kIgnored) return 0;
  return static_cast<size_t>(std::count(classes.begin(), classes.end(), classes[i])) - 1;
}

std::vector<double> inverse_lengths(std::span<const double> x, size_t width) {
  std::vector<double> inverse(x.size() / width);
  for (size_t i = 0; i < inverse.size(); ++i) {
    double squares = 0;
    for (const double each : x.subspan(i * width, width)) squares += each * each;
    const double length = std::sqrt(squares);
    inverse[i] = length < kShortest ? 0 : 1 / length;
  }
  return inverse;
}

}  // namespace attune::losses
