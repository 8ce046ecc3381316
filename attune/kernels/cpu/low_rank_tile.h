// How many of an adapter's dimensions are worked on at a time.
#pragma once
#include <cstdint>

#include "attune/tensor/dtype.h"

namespace attune::kernels::cpu {

// A matrix by tiles of 16 columns, one or the other: of f32 [tiles, rows, 16], or of bf16 as TileProjection has them.
struct LowRankPacked {
  const float* f32 = nullptr;
  const tensor::BFloat16* bf16 = nullptr;
};

inline constexpr int64_t kLowRankTile = 16;
inline constexpr int64_t kLowRankRows = 16;  // that are f32 at a time

constexpr int64_t low_rank_tiles(int64_t rank) {
  return (rank + kLowRankTile - 1) / kLowRankTile;
}

}  // namespace attune::kernels::cpu
