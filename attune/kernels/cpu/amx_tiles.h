// AMX's tiles, those of this thread: what tile_walk.h walks on the processor. x86-64 with may_use_tiles() alone. In
// assembly, because GCC's intrinsics take a tile's number as a token alone. Source: Intel Architecture Instruction Set
// Extensions Programming Reference, chapter on AMX.
#pragma once
#include <algorithm>
#include <cstdint>

#include "attune/kernels/cpu/tile_walk.h"

namespace attune::kernels::cpu {

// TDPBF16PS: pairs of bf16, sums in f32. TDPBUSD: fours of u8 and s8, sums in s32.
enum class TileProduct { bf16, bytes };

// Tiles in use are saved at every switch of threads: they are given back.
template <TileProduct kProduct>
class AmxTiles {
 public:
  AmxTiles() = default;
  AmxTiles(const AmxTiles&) = delete;
  AmxTiles& operator=(const AmxTiles&) = delete;
  ATTUNE_TILE ~AmxTiles() {
    if (rows_ > 0) asm volatile("tilerelease");
  }

  ATTUNE_TILE void shape(int rows) {
    if (rows == rows_) return;
    rows_ = rows;
    const int upper = std::min<int>(rows, kTile), lower = rows - upper;
    Shapes shapes;
    const int heights[8] = {upper, upper, lower, lower, upper, lower, kTile, kTile};
    for (int t = 0; t < 8; ++t) {
      shapes.rows[t] = static_cast<uint8_t>(heights[t]);
      shapes.bytes[t] = heights[t] > 0 ? 64 : 0;
    }
    asm volatile("ldtilecfg %0" ::"m"(shapes));
  }

  template <int t>
  ATTUNE_TILE ATTUNE_INLINE void zero() {
    asm volatile("tilezero %%tmm%c0" ::"i"(t));
  }
  template <int t>
  ATTUNE_TILE ATTUNE_INLINE void load(const uint32_t* from, int64_t stride) {
    asm volatile("tileloadd (%0,%1,1), %%tmm%c2" ::"r"(from), "r"(stride * 4), "i"(t) : "memory");
  }
  template <int t>
  ATTUNE_TILE ATTUNE_INLINE void store(void* to, int64_t stride) const {
    asm volatile("tilestored %%tmm%c2, (%0,%1,1)" ::"r"(to), "r"(stride * 4), "i"(t) : "memory");
  }
  template <int c, int left, int right>
  ATTUNE_TILE ATTUNE_INLINE void multiply() {
    if constexpr (kProduct == TileProduct::bf16)
      asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(c), "i"(left), "i"(right));
    else
      asm volatile("tdpbusd %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(c), "i"(left), "i"(right));
  }

 private:
  struct alignas(64) Shapes {  // palette 1 of LDTILECFG
    uint8_t palette = 1, start_row = 0, reserved[14] = {};
    uint16_t bytes[16] = {};  // of a row
    uint8_t rows[16] = {};
  };
  static_assert(sizeof(Shapes) == 64);

  int rows_ = 0;
};

}  // namespace attune::kernels::cpu
