// Draws of 53 bits, for few numbers that are looked at closely; a key is made by mix_key (base/rng.h).
#pragma once
#include <cstdint>

#include "attune/base/rng.h"

namespace attune::tune {

// Uniform in [0, 1).
inline double uniform(uint64_t key, uint64_t counter) {
  return static_cast<double>(mix_key(key, counter) >> 11) * 0x1p-53;
}

// One of 0..bound - 1.
inline size_t below(uint64_t key, uint64_t counter, size_t bound) {
  return static_cast<size_t>(uniform(key, counter) * static_cast<double>(bound));
}

}  // namespace attune::tune
