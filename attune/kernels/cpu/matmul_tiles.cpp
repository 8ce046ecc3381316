// The one file that knows AMX. In assembly, because GCC's intrinsics take a tile's number as a token alone.
#include "attune/kernels/cpu/matmul_tiles.h"

#include "attune/kernels/cpu/instructions.h"

#if defined(__x86_64__)
#include "attune/kernels/cpu/tile_walk.h"

namespace attune::kernels::cpu {
namespace {

// The processor's own tiles, of this thread. Those in use are saved at every switch of threads: they are given back.
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
  ATTUNE_TILE ATTUNE_INLINE void store(float* to, int64_t stride) const {
    asm volatile("tilestored %%tmm%c2, (%0,%1,1)" ::"r"(to), "r"(stride * 4), "i"(t) : "memory");
  }
  template <int c, int left, int right>
  ATTUNE_TILE ATTUNE_INLINE void multiply() {
    asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(c), "i"(left), "i"(right));
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

}  // namespace

bool tiles_bf16() {
  static const bool known = dots_bf16() && may_use_tiles();
  return known;
}

void tile_product(int threads, const DotProduct& p) {
  walk_product<AmxTiles>(threads, p);
}

void tile_gradient(Workspace& workspace, int threads, const DotGradient& g) {
  walk_gradient<TileBlocks<AmxTiles>>(workspace, threads, g);
}

}  // namespace attune::kernels::cpu
#endif
