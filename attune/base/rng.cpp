#include "attune/base/rng.h"

#include <cmath>
#include <numbers>

namespace attune {

double random_normal(uint64_t key, uint32_t counter) {
  // (0, 1]: the logarithm never sees zero.
  const double u = (static_cast<double>(random_bits(key, 2 * counter)) + 1.0) * 0x1p-32;
  const double v = static_cast<double>(random_bits(key, 2 * counter + 1)) * 0x1p-32;
  return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v);
}

}  // namespace attune
