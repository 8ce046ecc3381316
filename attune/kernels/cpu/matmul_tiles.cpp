#include "attune/kernels/cpu/matmul_tiles.h"

#include "attune/kernels/cpu/instructions.h"

#if defined(__x86_64__)
#include "attune/kernels/cpu/amx_tiles.h"

namespace attune::kernels::cpu {

bool tiles_bf16() {
  static const bool known = dots_bf16() && may_use_tiles();
  return known;
}

void tile_product(int threads, const DotProduct& p) {
  walk_product<AmxTiles<TileProduct::bf16>>(threads, p);
}

void tile_gradient(Workspace& workspace, int threads, const DotGradient& g) {
  walk_gradient<TileBlocks<AmxTiles<TileProduct::bf16>>>(workspace, threads, g);
}

}  // namespace attune::kernels::cpu
#endif
