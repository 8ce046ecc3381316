#include "attune/kernels/cpu/low_rank_tiles.h"

#include <algorithm>

#include "attune/base/error.h"
#include "attune/kernels/cpu/matmul_tiles.h"

#if defined(__x86_64__)
#include "attune/kernels/cpu/amx_tiles.h"

namespace attune::kernels::cpu {
namespace {

constexpr int64_t kStep = 32;  // k of a tile's row

ATTUNE_TILE void project_block(AmxTiles<TileProduct::bf16>& tiles, const TileProjection& p, int64_t first, int rows) {
  alignas(64) float sums[kLowRankTile * kLowRankTile];
  tiles.shape(rows);
  tiles.zero<0>();
  const auto* x = reinterpret_cast<const uint32_t*>(p.x + first * p.x_stride);
  const auto* tile = reinterpret_cast<const uint32_t*>(p.tile);
  for (int64_t k = 0; k < p.depth; k += kStep) {
    tiles.load<4>(x + k / 2, p.x_stride / 2);
    tiles.load<6>(tile + k / 2 * kLowRankTile, kLowRankTile);
    tiles.multiply<0, 4, 6>();
  }
  tiles.store<0>(sums, kLowRankTile);
  for (int i = 0; i < rows; ++i)
    std::transform(sums + i * kLowRankTile, sums + i * kLowRankTile + p.count, p.out + (first + i) * p.out_stride,
                   [&](float sum) { return p.scale * sum; });
}

}  // namespace

bool projects_on_tiles(int64_t depth) {
  return depth > 0 && depth % kStep == 0 && tiles_bf16();
}

ATTUNE_TILE void tile_project(const TileProjection& p) {
  AmxTiles<TileProduct::bf16> tiles;
  for (int64_t first = 0; first < p.rows; first += kLowRankTile)
    project_block(tiles, p, first, static_cast<int>(std::min(kLowRankTile, p.rows - first)));
}

}  // namespace attune::kernels::cpu
#else
namespace attune::kernels::cpu {

bool projects_on_tiles(int64_t) {
  return false;
}
void tile_project(const TileProjection&) {
  fail(ErrorKind::internal, "no tiles on this processor");
}

}  // namespace attune::kernels::cpu
#endif
