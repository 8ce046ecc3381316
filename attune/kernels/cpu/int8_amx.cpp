// Products of bytes on AMX's tiles (TDPBUSD: 16 x 16 sums of 64 products of u8 and s8 at once, exact as VNNI's).
#include "attune/kernels/cpu/instructions.h"
#include "attune/kernels/cpu/int8_tile.h"

#if defined(__x86_64__)
#include "attune/kernels/cpu/amx_tiles.h"
#include "attune/kernels/cpu/int8_tile_walk.h"

namespace attune::kernels::cpu {

const Int8Path* amx_path() {
  static const bool known = vnni_path() && dots_bf16() && may_use_tiles();
  static constexpr Int8Path kPath{"amx_int8", 2 * kTileBlock, kTile, make_part<AmxTiles<TileProduct::bytes>>};
  return known ? &kPath : nullptr;
}

}  // namespace attune::kernels::cpu
#else

namespace attune::kernels::cpu {

const Int8Path* amx_path() {
  return nullptr;
}

}  // namespace attune::kernels::cpu
#endif
