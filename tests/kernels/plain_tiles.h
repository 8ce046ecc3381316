// Tiles in plain memory: what AMX would read, multiply and write, where there is no AMX.
#pragma once
#include "attune/kernels/cpu/int8_tile.h"

#if defined(__x86_64__)
#include <algorithm>
#include <bit>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <type_traits>

#include "attune/kernels/cpu/amx_tiles.h"
#include "attune/kernels/cpu/int8_tile_walk.h"

namespace attune::kernels::test {

inline float upper_half(uint32_t word) {
  return std::bit_cast<float>(word & 0xffff0000U);
}
inline float lower_half(uint32_t word) {
  return std::bit_cast<float>(word << 16);
}

// Rows without a shape hold NaN (of bytes: large numbers), and so would every result that they reach.
template <cpu::TileProduct kProduct>
class PlainTiles {
 public:
  PlainTiles() { shape_all(0, 0); }
  ~PlainTiles() = default;

  void shape(int rows) { shape_all(std::min(rows, 16), std::max(0, rows - 16)); }
  template <int t>
  void zero() {
    for (int i = 0; i < rows_[t]; ++i) std::memset(words_[t][i], 0, sizeof words_[t][i]);
  }
  template <int t>
  void load(const uint32_t* from, int64_t stride) {
    EXPECT_GT(rows_[t], 0) << "tile " << t << " has no shape";
    for (int i = 0; i < rows_[t]; ++i) std::memcpy(words_[t][i], from + i * stride, 64);
  }
  template <int t>
  void store(void* to, int64_t stride) const {
    for (int i = 0; i < rows_[t]; ++i) std::memcpy(static_cast<uint32_t*>(to) + i * stride, words_[t][i], 64);
  }
  template <int c, int left, int right>
  void multiply() {
    EXPECT_EQ(rows_[c], rows_[left]);
    for (int i = 0; i < rows_[c]; ++i)
      for (int j = 0; j < 16; ++j) {
        std::conditional_t<kProduct == cpu::TileProduct::bf16, float, int32_t> sum;
        std::memcpy(&sum, &words_[c][i][j], 4);
        for (int p = 0; p < rows_[right]; ++p) add(sum, words_[left][i][p], words_[right][p][j]);
        std::memcpy(&words_[c][i][j], &sum, 4);
      }
  }

 private:
  static void add(float& sum, uint32_t a, uint32_t b) {
    sum += lower_half(a) * lower_half(b);
    sum += upper_half(a) * upper_half(b);
  }
  static void add(int32_t& sum, uint32_t a, uint32_t b) {
    for (int byte = 0; byte < 32; byte += 8)
      sum += static_cast<uint8_t>(a >> byte) * static_cast<int8_t>(static_cast<uint8_t>(b >> byte));
  }
  void shape_all(int upper, int lower) {
    const int rows[8] = {upper, upper, lower, lower, upper, lower, 16, 16};
    std::memcpy(rows_, rows, sizeof rows);
    for (auto& tile : words_)
      for (auto& row : tile)
        for (uint32_t& word : row) word = std::bit_cast<uint32_t>(std::numeric_limits<float>::quiet_NaN());
  }

  int rows_[8];
  uint32_t words_[8][16][16];
};

// Products of bytes in such tiles; null where what follows the sums cannot run.
inline const cpu::Int8Path* plain_tiles_path() {
  static constexpr cpu::Int8Path kPath{"plain tiles", 2 * cpu::kTileBlock, cpu::kTile,
                                       cpu::make_part<PlainTiles<cpu::TileProduct::bytes>>};
  return cpu::vnni_path() && cpu::dots_bf16() ? &kPath : nullptr;
}

}  // namespace attune::kernels::test
#else

namespace attune::kernels::test {

inline const cpu::Int8Path* plain_tiles_path() {
  return nullptr;
}

}  // namespace attune::kernels::test
#endif
