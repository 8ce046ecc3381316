#include "attune/kernels/cpu/matmul_dot.h"

#include <algorithm>

#include "attune/base/error.h"
#include "attune/kernels/cpu/gradient_walk.h"
#include "attune/kernels/cpu/grid.h"
#include "attune/kernels/cpu/instructions.h"
#include "attune/kernels/cpu/matmul_products.h"
#include "attune/kernels/cpu/right_blocks.h"
#include "attune/kernels/packed_weight.h"

#if defined(__x86_64__)
#include "attune/kernels/cpu/dot_sums.h"

namespace attune::kernels::cpu {
namespace {

using tensor::BFloat16;
using tensor::DType;

// A tile of C is 6 rows of 64 columns: 24 sums, 4 vectors of B and one element of A fill 29 of 32 registers.
constexpr int kTileRows = 6;
constexpr int kVectors = 4;
static_assert(kVectors * kLanes == kPackBlock);

// Rows [row, row + kRows) of the product in column block `block`, that of B at `right`.
template <int kRows>
ATTUNE_DOT void product_tile(const DotProduct& p, const BFloat16* right, int64_t row, int64_t block) {
  Sums<kRows, kVectors> sums;
  add_up({words(p.a + row * p.lda), p.lda / 2, 1, words(right), kPackBlock, p.k / 2}, sums);
#pragma GCC unroll 4
  for (int j = 0; j < kVectors; ++j) {
    const int64_t col = block * kPackBlock + kLanes * j;
    const __m512 bias = load_bias(p, col);
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) store_product(p, row + i, col, sums.of[i][j], bias);
  }
}

// Columns [row, row + kRows) of dy with x's of column block `block`. Returns the sum of the tile's squares.
template <int kRows>
ATTUNE_DOT double gradient_tile(const DotGradient& g, const LaidOut& factors, int64_t row, int64_t block) {
  Sums<kRows, kVectors> sums;
  const int64_t pairs = g.k / 2, block_words = pairs * kPackBlock;
  const uint32_t *dy = words(factors.dy) + row / kPackBlock * block_words + row % kPackBlock,
                 *x = words(factors.x) + block * block_words;
  add_up({dy, 1, kPackBlock, x, kPackBlock, pairs}, sums);
  __m512 squares = _mm512_setzero_ps();
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
    float* const to = g.c + (row + i) * g.n + block * kPackBlock;
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) squares = store_gradient(g, to + kLanes * j, sums.of[i][j], squares);
  }
  return static_cast<double>(_mm512_reduce_add_ps(squares));
}

// Calls tile<kRows>(row) for the rows of [row, end) in tiles.
template <class Tile>
void in_tiles(int64_t row, int64_t end, const Tile& tile) {
  for (; row + kTileRows <= end; row += kTileRows) tile.template operator()<kTileRows>(row);
  switch (end - row) {
    case 1:
      return tile.template operator()<1>(row);
    case 2:
      return tile.template operator()<2>(row);
    case 3:
      return tile.template operator()<3>(row);
    case 4:
      return tile.template operator()<4>(row);
    case 5:
      return tile.template operator()<5>(row);
    default:
      return;
  }
}

struct DotBlocks {
  static int64_t depth(int64_t k) { return k; }
  static void lay_out_left(const Factor& dy, int64_t first, int64_t last, BFloat16* to) {
    pack_factor(dy, first, last, to);
  }
  static void lay_out_right(const Factor& x, int64_t first, int64_t last, BFloat16* to) {
    pack_factor(x, first, last, to);
  }
  double block(const DotGradient& g, const LaidOut& factors, int64_t of_dy, int64_t of_x) const {
    double sum = 0;
    in_tiles(of_dy * kPackBlock, (of_dy + 1) * kPackBlock,
             [&]<int kTile>(int64_t row) { sum += gradient_tile<kTile>(g, factors, row, of_x); });
    _mm_sfence();
    return sum;
  }
};

}  // namespace

bool dots_bf16() {
  static const bool known = [] {
    limit_instructions();
    return onednn_has_fast_bf16() && __builtin_cpu_supports("avx512bf16");
  }();
  return known;
}

void dot_product(int threads, const DotProduct& p) {
  ATTUNE_CHECK(p.k % 2 == 0 && p.n % kPackBlock == 0 && p.lda % 2 == 0, "a dot product of {} x {} x {}", p.m, p.k, p.n);
  constexpr int64_t kRows = 4 * kTileRows;
  Grid grid(threads, (p.m + kRows - 1) / kRows, p.n / kPackBlock);
#pragma omp parallel num_threads(threads) if (grid.cells() > 1)
  {
    RightBlocks right(p);
    grid.share([&](int64_t chunk, int64_t block) {
      const BFloat16* const at = right.at(block);
      in_tiles(chunk * kRows, std::min(p.m, (chunk + 1) * kRows),
               [&]<int kTile>(int64_t row) { product_tile<kTile>(p, at, row, block); });
    });
  }
}

void dot_gradient(Workspace& workspace, int threads, const DotGradient& g) {
  walk_gradient<DotBlocks>(workspace, threads, g);
}

}  // namespace attune::kernels::cpu
#endif
