// Products in tiles, of bf16 or (int8_tile_walk.h) of bytes, whatever holds the tiles: the processor's
// (matmul_tiles.cpp), or plain memory in a test, so that the walk can be tried where there is no AMX. x86-64 with
// dots_bf16() alone: results are rounded by AVX-512.
//
// Tiles: eight tiles of at most 16 rows of 64 bytes, empty until shape() is called. A left factor's tile has 16 rows of
// 32 k; a right factor's 16 pairs of k for 16 columns; one of sums 16 rows of 16 f32.
//   void shape(int rows)                  1 to 32 rows of sums: tiles 0, 1 and 4 have the first 16, tiles 2, 3
//                                         and 5 the others (none of them is used up to 16 rows), 6 and 7 all
//   void zero<t>()
//   void load<t>(const uint32_t* from, int64_t stride)      stride: words from row to row
//   void multiply<c, left, right>()       tile c += tile left x tile right
//   void store<t>(to, int64_t stride) const
#pragma once
#include <algorithm>

#include "attune/kernels/cpu/dot_sums.h"
#include "attune/kernels/cpu/gradient_walk.h"
#include "attune/kernels/cpu/right_blocks.h"

#define ATTUNE_TILE_INSTRUCTIONS ",amx-tile,amx-bf16,amx-int8"
#define ATTUNE_TILE __attribute__((target(ATTUNE_DOT_INSTRUCTIONS ATTUNE_TILE_INSTRUCTIONS)))

namespace attune::kernels::cpu {

inline constexpr int64_t kTile = 16;       // rows, columns and pairs of k of a tile
inline constexpr int64_t kTileBlock = 32;  // rows and columns of C that are summed at a time: 2 x 2 tiles
inline constexpr int64_t kTileDepth = 32;  // k of a step
inline constexpr int64_t kPanelElements =
    1 << 19;  // of A, worked on by one thread at a time: half its second-level cache

// What a block is the sum of, in words of two neighbours in k, or of four bytes.
struct TileFactors {
  const uint32_t* left;
  int64_t left_row, left_lower, left_step;  // from row to row of a tile, to the tile below, to the next step
  const uint32_t* right;                    // two tiles side by side in a packed factor
  int64_t steps;
};

// Steps that the right factor is asked for before its use: it comes from the second-level cache. Prediction with
// MiniLM, old and new program in turn on a busy Emerald Rapids: bf16 in 0.85 and 0.90 of the time, bytes in 0.96 and
// 0.98.
inline constexpr int64_t kAhead = 1;

// kLower: whether there are rows below the first 16.
template <bool kLower, class Tiles>
ATTUNE_TILE void add_up_steps(Tiles& tiles, const TileFactors& f) {
  const uint32_t *left = f.left, *right = f.right;
  for (int64_t s = 0; s < f.steps; ++s, left += f.left_step, right += kTile * kPackBlock) {
    const uint32_t* const ahead = right + kAhead * kTile * kPackBlock;
#pragma GCC unroll 16
    for (int64_t i = 0; i < kTile; ++i) {
      _mm_prefetch(ahead + i * kPackBlock, _MM_HINT_T0);
      _mm_prefetch(ahead + i * kPackBlock + kTile, _MM_HINT_T0);
    }
    tiles.template load<4>(left, f.left_row);
    tiles.template load<6>(right, kPackBlock);
    tiles.template multiply<0, 4, 6>();
    tiles.template load<7>(right + kTile, kPackBlock);
    tiles.template multiply<1, 4, 7>();
    if constexpr (kLower) {
      tiles.template load<5>(left + f.left_lower, f.left_row);
      tiles.template multiply<2, 5, 6>();
      tiles.template multiply<3, 5, 7>();
    }
  }
}

// `sums` [32, 32]: those of the first `rows` rows, as the tiles add them up.
template <class Tiles, class Sum>
ATTUNE_TILE void add_up_tiles(Tiles& tiles, const TileFactors& f, int64_t rows, Sum* sums) {
  tiles.shape(static_cast<int>(rows));
  tiles.template zero<0>(), tiles.template zero<1>();
  if (rows <= kTile) {
    add_up_steps<false>(tiles, f);
  } else {
    tiles.template zero<2>(), tiles.template zero<3>();
    add_up_steps<true>(tiles, f);
    tiles.template store<2>(sums + kTile * kTileBlock, kTileBlock);
    tiles.template store<3>(sums + kTile * kTileBlock + kTile, kTileBlock);
  }
  tiles.template store<0>(sums, kTileBlock);
  tiles.template store<1>(sums + kTile, kTileBlock);
}

// Rows [row, end), at most 32, and columns [col, col + 32) of a product; `right`: the block of B that has them.
template <class Tiles>
ATTUNE_TILE void product_block(Tiles& tiles, const DotProduct& p, const tensor::BFloat16* right, int64_t row,
                               int64_t end, int64_t col) {
  alignas(64) float sums[kTileBlock * kTileBlock];
  const int64_t row_words = p.lda / 2;
  add_up_tiles(tiles,
               {.left = words(p.a) + row * row_words,
                .left_row = row_words,
                .left_lower = kTile * row_words,
                .left_step = kTile,
                .right = words(right) + col % kPackBlock,
                .steps = p.k / kTileDepth},
               end - row, sums);
  for (int64_t j = 0; j < kTileBlock; j += kLanes) {
    const __m512 bias = load_bias(p, col + j);
    for (int64_t i = 0; i < end - row; ++i)
      store_product(p, row + i, col + j, _mm512_load_ps(sums + i * kTileBlock + j), bias);
  }
}

// The rows are cut into panels that stay in the threads' caches while the weights pass by.
template <class Tiles>
void walk_product(int threads, const DotProduct& p) {
  ATTUNE_CHECK(p.k % kTileDepth == 0 && p.n % kPackBlock == 0 && p.lda % 2 == 0, "a product of tiles {} x {} x {}", p.m,
               p.k, p.n);
  const int64_t chunks = (p.m + kTileBlock - 1) / kTileBlock;
  const int64_t width = p.room ? kPackBlock : kTileBlock;  // of a cell: what is unpacked is read to its end
  const int64_t panel_chunks = std::max<int64_t>(1, kPanelElements / (p.k * kTileBlock)) * threads;
  const int64_t panels = (chunks + panel_chunks - 1) / panel_chunks;
  for (int64_t panel = 0; panel < panels; ++panel) {
    const int64_t first = panel * chunks / panels, last = (panel + 1) * chunks / panels;
    Grid grid(threads, last - first, p.n / width);
#pragma omp parallel num_threads(threads) if (grid.cells() > 1)
    {
      Tiles tiles;
      RightBlocks right(p);
      grid.share([&](int64_t chunk, int64_t column) {
        const int64_t row = (first + chunk) * kTileBlock, end = std::min(p.m, row + kTileBlock);
        for (int64_t col = column * width; col < (column + 1) * width; col += kTileBlock)
          product_block(tiles, p, right.at(col / kPackBlock), row, end, col);
      });
    }
  }
}

// Blocks of a weight gradient (gradient_walk.h).
template <class Tiles>
class TileBlocks {
 public:
  static int64_t depth(int64_t k) { return (k + kTileDepth - 1) / kTileDepth * kTileDepth; }
  static void lay_out_left(const Factor& dy, int64_t first, int64_t last, tensor::BFloat16* to) {
    pack_left_factor(dy, first, last, to);
  }
  static void lay_out_right(const Factor& x, int64_t first, int64_t last, tensor::BFloat16* to) {
    pack_factor(x, first, last, to);
  }

  ATTUNE_TILE double block(const DotGradient& g, const LaidOut& factors, int64_t of_dy, int64_t of_x) {
    constexpr int64_t kTileWords = kTile * kTile;
    alignas(64) float sums[kTileBlock * kTileBlock];
    const int64_t block_words = depth(g.k) / 2 * kPackBlock;
    __m512 squares = _mm512_setzero_ps();
    for (int64_t row = 0; row < kPackBlock; row += kTileBlock)
      for (int64_t col = 0; col < kPackBlock; col += kTileBlock) {
        add_up_tiles(tiles_,
                     {.left = words(factors.dy) + of_dy * block_words + row / kTile * kTileWords,
                      .left_row = kTile,
                      .left_lower = kTileWords,
                      .left_step = kTile * kPackBlock,
                      .right = words(factors.x) + of_x * block_words + col,
                      .steps = depth(g.k) / kTileDepth},
                     kTileBlock, sums);
        float* const to = g.c + (of_dy * kPackBlock + row) * g.n + of_x * kPackBlock + col;
        for (int64_t i = 0; i < kTileBlock; ++i)
          for (int64_t j = 0; j < kTileBlock; j += kLanes)
            squares = store_gradient(g, to + i * g.n + j, _mm512_load_ps(sums + i * kTileBlock + j), squares);
      }
    _mm_sfence();
    return static_cast<double>(_mm512_reduce_add_ps(squares));
  }

 private:
  Tiles tiles_;
};

}  // namespace attune::kernels::cpu
