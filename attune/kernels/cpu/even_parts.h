// How a small matrix is cut into tiles of registers.
#pragma once
#include <cstdint>

namespace attune::kernels::cpu {

// [0, count) in as few parts of at most `most` as there can be, of nearly equal size: 25 in parts of 8 are 7, 6, 6
// and 6. body(begin, size) for each.
template <class Body>
void in_even_parts(int64_t count, int64_t most, const Body& body) {
  const int64_t parts = (count + most - 1) / most;
  for (int64_t part = 0, begin = 0; part < parts; ++part) {
    const int64_t size = (count - begin + parts - part - 1) / (parts - part);
    body(begin, size);
    begin += size;
  }
}

}  // namespace attune::kernels::cpu
