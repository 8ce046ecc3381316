// How many of an adapter's dimensions are worked on at a time.
#pragma once
#include <cstdint>

namespace attune::kernels::cpu {

inline constexpr int64_t kLowRankTile = 16;

constexpr int64_t low_rank_tiles(int64_t rank) {
  return (rank + kLowRankTile - 1) / kLowRankTile;
}

}  // namespace attune::kernels::cpu
