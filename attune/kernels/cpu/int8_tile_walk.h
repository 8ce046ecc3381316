// Parts of a product of bytes in tiles of 32 rows and columns, whatever holds the tiles (tile_walk.h): a step is 64
// bytes of k. x86-64 with vnni_path() alone.
#pragma once
#include "attune/kernels/cpu/even_parts.h"
#include "attune/kernels/cpu/int8_finish.h"
#include "attune/kernels/cpu/tile_walk.h"

#define ATTUNE_INT8_TILE __attribute__((target(ATTUNE_VNNI_INSTRUCTIONS ATTUNE_TILE_INSTRUCTIONS)))

namespace attune::kernels::cpu {

inline constexpr int64_t kTileGroups = 16;  // of four bytes, in a step

// `sums` [32, 32] of rows [row, row + rows) of the part and columns [col, col + 32) of its block.
template <Finish kFinish>
ATTUNE_INT8_TILE void finish_tiles(const Int8Part& part, int64_t row, int64_t rows, int64_t col, const int32_t* sums) {
  for (int64_t j = 0; j < kTileBlock; j += kLanes) {
    const Int8Columns columns = columns_at(part.product, part.block * QuantizedWeight::kBlock + col + j);
    for (int64_t i = 0; i < rows; ++i)
      finish_sums<kFinish>(part, columns, row + i, _mm512_load_si512(sums + i * kTileBlock + j));
  }
}

// A part whose depth is of whole steps.
template <class Tiles, Finish kFinish>
ATTUNE_INT8_TILE void make_part_in_tiles(const Int8Part& part) {
  Tiles tiles;
  alignas(64) int32_t sums[kTileBlock * kTileBlock];
  const int64_t row_words = part.product.a.stride / 4;
  const int64_t columns = std::min(QuantizedWeight::kBlock, part.product.n - part.block * QuantizedWeight::kBlock);
  for (int64_t col = 0; col < columns; col += kTileBlock)
    in_even_parts(part.rows, kTileBlock, [&](int64_t row, int64_t rows) {
      add_up_tiles(tiles,
                   {.left = reinterpret_cast<const uint32_t*>(part.a()) + row * row_words,
                    .left_row = row_words,
                    .left_lower = kTile * row_words,
                    .left_step = kTileGroups,
                    .right = reinterpret_cast<const uint32_t*>(part.b()) + col,
                    .steps = part.groups() / kTileGroups},
                   rows, sums);
      finish_tiles<kFinish>(part, row, rows, col, sums);
    });
}

// Depths that are not of whole steps, and results that AVX-512 does not finish, are left to VNNI's tiles.
template <class Tiles>
void make_part(const Int8Part& part) {
  const bool whole_steps = part.groups() % kTileGroups == 0;
  switch (whole_steps ? finish_of(part) : Finish::raw) {
    case Finish::f32:
      return make_part_in_tiles<Tiles, Finish::f32>(part);
    case Finish::f32_gelu:
      return make_part_in_tiles<Tiles, Finish::f32_gelu>(part);
    case Finish::bf16:
      return make_part_in_tiles<Tiles, Finish::bf16>(part);
    case Finish::raw:
      return vnni_path()->make(part);
  }
}

}  // namespace attune::kernels::cpu
