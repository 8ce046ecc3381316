// A matrix of f32 as projections on tiles read it (low_rank_tiles.h: element (k, n) of a tile of 16 columns n stands at
// (k / 2) * 32 + n * 2 + k % 2, tile after tile, the last one filled up with zeros), rounded to bf16. Compiled once for
// each instruction set (Highway's foreach_target), hence the unusual include guard.
#if defined(ATTUNE_KERNELS_CPU_LOW_RANK_PACK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ATTUNE_KERNELS_CPU_LOW_RANK_PACK_INL_H_
#undef ATTUNE_KERNELS_CPU_LOW_RANK_PACK_INL_H_
#else
#define ATTUNE_KERNELS_CPU_LOW_RANK_PACK_INL_H_
#endif

#include <algorithm>

#include "attune/kernels/cpu/low_rank_tile.h"
#include "attune/kernels/cpu/pack-inl.h"

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu::HWY_NAMESPACE {

// Columns are rows of `from` [rank, depth]; depth a multiple of 32.
inline void pack_rows_for_tiles(const float* from, int64_t rank, int64_t depth, BFloat16* to) {
  constexpr int64_t kStep = 2 * kLowRankTile;  // of depth: 16 words of two
  HWY_ALIGN BFloat16 rows[kLowRankTile * kStep];
  for (int64_t first = 0; first < rank; first += kLowRankTile)
    for (int64_t k = 0; k < depth; k += kStep, to += kLowRankTile * kStep) {
      const int64_t count = std::min(kLowRankTile, rank - first);
      std::fill(rows + count * kStep, rows + kLowRankTile * kStep, BFloat16());
      for (int64_t n = 0; n < count; ++n)
        for (int64_t i = 0; i < kStep; i += lanes())
          store(rows + n * kStep + i, Whole{}, load(from + (first + n) * depth + k + i, Whole{}));
      transpose_lines<IntoCaches>(reinterpret_cast<const uint32_t*>(rows), kStep / 2, reinterpret_cast<uint32_t*>(to),
                                  kLowRankTile);
    }
}

// Columns are columns of `from` [depth, rank]; depth even.
inline void pack_columns_for_tiles(const float* from, int64_t rank, int64_t depth, BFloat16* to) {
  HWY_ALIGN BFloat16 row[2][kLowRankTile];
  for (int64_t first = 0; first < rank; first += kLowRankTile)
    for (int64_t k = 0; k < depth; k += 2, to += 2 * kLowRankTile) {
      const int64_t count = std::min(kLowRankTile, rank - first);
      for (int64_t half = 0; half < 2; ++half) {
        for_lanes(0, count, [&](int64_t n, auto part) HWY_ATTR {
          store(row[half] + n, part, load(from + (k + half) * rank + first + n, part));
        });
        std::fill(row[half] + count, row[half] + kLowRankTile, BFloat16());
      }
      for (int64_t n = 0; n < kLowRankTile; n += lanes())
        IntoCaches::store(word_pairs(row[0] + n, row[1] + n), Words(), reinterpret_cast<uint32_t*>(to) + n);
    }
}

}  // namespace attune::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
