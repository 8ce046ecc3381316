#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attune/kernels/cpu/matmul_portable.cpp"
#include <hwy/foreach_target.h>
// foreach_target comes first
#include <hwy/cache_control.h>

#include "attune/kernels/cpu/matmul_pack-inl.h"
#include "attune/kernels/cpu/matmul_portable.h"
#include "attune/kernels/cpu/matmul_tile-inl.h"

#ifndef ATTUNE_MATMUL_PORTABLE_ONCE
#define ATTUNE_MATMUL_PORTABLE_ONCE
namespace attune::kernels::cpu {

constexpr int64_t kDepth = 256;                     // steps of k in a panel: 16 KB of B stay in the first-level cache
constexpr int64_t kBlockRows = 1024;                // rows of A packed at a time, at most
constexpr int64_t kBlockCols = 1024;                // columns of B packed at a time, at most
constexpr int64_t kGroupTiles = 8;                  // tiles of A that one item of work goes through with one panel of B
constexpr int64_t kRowsOfTile = 6, kTileWidth = 8;  // rows, and the places they have when packed
constexpr int64_t kPanelWidth = 64;                 // at most: four vectors of 16

constexpr int64_t kRowsInPlace = 128;

constexpr int64_t ceil_div(int64_t x, int64_t by) {
  return (x + by - 1) / by;
}

// Where part `i` begins when `count` things are cut into parts as equal as can be.
constexpr int64_t part(int64_t count, int64_t parts, int64_t i) {
  return count * i / parts;
}

struct PortableBlock {
  const Product* product;
  const ProductData* data;
  int64_t row, rows, col, cols, step, steps;  // this block of A', B' and C
  float* a;                                   // packed tiles of A', panels of B'
  float* b;

  // Few rows do not pay for a copy of B that may be read where it lies.
  bool b_in_place() const {
    return rows <= kRowsInPlace && !product->transpose_b && product->operands == tensor::DType::f32;
  }
  int64_t tiles() const { return ceil_div(rows, kRowsOfTile); }
};

// What a block may need, packed.
int64_t floats_of_a(const Product& p) {
  return ceil_div(std::min(p.m, kBlockRows), kRowsOfTile) * kTileWidth * kDepth;
}
int64_t floats_of_b(const Product& p) {
  return ceil_div(std::min(p.n, kBlockCols), kPanelWidth) * kPanelWidth * kDepth;
}

}  // namespace attune::kernels::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu {
namespace HWY_NAMESPACE {

using tensor::BFloat16;

constexpr int64_t kPanelVectors = kTileVectors;
static_assert(tile_rows(kPanelVectors) == kRowsOfTile);

int64_t panel_width() {
  return kPanelVectors * static_cast<int64_t>(hn::Lanes(hn::ScalableTag<float>()));
}

template <class T>
void pack_tile_of_a(const PortableBlock& k, int64_t t) {
  const Product& p = *k.product;
  const int64_t first = k.row + part(k.rows, k.tiles(), t);
  Strip<T> strip{.from = static_cast<const T*>(k.data->a),
                 .count = std::min(kTileWidth, p.m - first),
                 .steps = k.steps,
                 .width = kTileWidth,
                 .item_stride = p.transpose_a ? 1 : p.lda,
                 .step_stride = p.transpose_a ? p.lda : 1};
  strip.from += first * strip.item_stride + k.step * strip.step_stride;
  pack(strip, k.a + t * kTileWidth * kDepth);
}

template <class T>
void pack_panel_of_b(const PortableBlock& k, int64_t t) {
  const Product& p = *k.product;
  const int64_t width = panel_width(), first = k.col + t * width;
  Strip<T> strip{.from = static_cast<const T*>(k.data->b),
                 .count = std::min(width, p.n - first),
                 .steps = k.steps,
                 .width = width,
                 .item_stride = p.transpose_b ? p.ldb : 1,
                 .step_stride = p.transpose_b ? 1 : p.ldb};
  strip.from += first * strip.item_stride + k.step * strip.step_stride;
  pack(strip, k.b + t * width * kDepth);
}

// One tile of C: its rows by one panel. Columns beyond n are computed beside it and left there.
void tile_of_c(const PortableBlock& k, int64_t tile_index, int64_t panel) {
  const Product& p = *k.product;
  const int64_t width = panel_width();
  const int64_t first = part(k.rows, k.tiles(), tile_index), rows = part(k.rows, k.tiles(), tile_index + 1) - first;
  const int64_t cols = std::min(width, k.cols - panel * width);
  float* const c = static_cast<float*>(k.data->c) + (k.row + first) * p.n + k.col + panel * width;
  const bool starts = k.step == 0 && !p.accumulate;
  if (starts && p.bias) {
    const float* bias = static_cast<const float*>(k.data->bias) + k.col + panel * width;
    for (int64_t i = 0; i < rows; ++i) std::copy(bias, bias + cols, c + i * p.n);
  }
  const bool in_place = cols == width && k.b_in_place();
  const float* const b = in_place ? static_cast<const float*>(k.data->b) + k.step * p.ldb + k.col + panel * width
                                  : k.b + panel * width * kDepth;
  SmallProduct product{rows,
                       kPanelVectors,
                       k.steps,
                       k.a + tile_index * kTileWidth * kDepth,
                       1,
                       kTileWidth,
                       b,
                       in_place ? p.ldb : width,
                       c,
                       p.n,
                       !starts || p.bias};
  if (!starts && cols == width)
    for (int64_t i = 0; i < rows; ++i) hwy::Prefetch(c + i * p.n);
  if (cols == width) return small_product(product);
  HWY_ALIGN float edge[kRowsOfTile * kPanelVectors * HWY_MAX_BYTES / sizeof(float)] = {};
  for (int64_t i = 0; i < rows; ++i) std::copy(c + i * p.n, c + i * p.n + cols, edge + i * width);
  product.c = edge;
  product.ldc = width;
  small_product(product);
  for (int64_t i = 0; i < rows; ++i) std::copy(edge + i * width, edge + i * width + cols, c + i * p.n);
}

// Called by every thread of the team; the loops are shared among them. No thread waits at the end: the next block is
// packed elsewhere, and behind its barrier this one is done.
template <class T>
void block(const PortableBlock& k) {
  const int64_t tiles = k.tiles(), panels = ceil_div(k.cols, panel_width());
  const int64_t groups = ceil_div(tiles, kGroupTiles);
#pragma omp for schedule(static) nowait
  for (int64_t t = 0; t < tiles; ++t) pack_tile_of_a<T>(k, t);
#pragma omp for schedule(static)
  for (int64_t t = 0; t < panels; ++t) if (!k.b_in_place() || (t + 1) * panel_width() > k.cols) pack_panel_of_b<T>(k, t);
#pragma omp for schedule(static) nowait
  for (int64_t item = 0; item < groups * panels; ++item) {
    const int64_t group = item / panels, panel = item % panels;
    const int64_t end = part(tiles, groups, group + 1);
    for (int64_t t = part(tiles, groups, group); t < end; ++t) tile_of_c(k, t, panel);
  }
}

// `packed`: room for two blocks, used in turn.
void blocks(const Product& p, const ProductData& data, float* packed) {
  const int64_t row_blocks = ceil_div(p.m, kBlockRows), step_blocks = ceil_div(p.k, kDepth);
  const int64_t col_blocks = ceil_div(p.n, kBlockCols);
  const int64_t block_cols = ceil_div(ceil_div(p.n, col_blocks), kPanelWidth) * kPanelWidth;
  const int64_t a_floats = floats_of_a(p), b_floats = floats_of_b(p);
  int64_t count = 0;
  for (int64_t r = 0; r < row_blocks; ++r)
    for (int64_t col = 0; col < p.n; col += block_cols)
      for (int64_t s = 0; s < step_blocks; ++s, ++count) {
        const int64_t row = part(p.m, row_blocks, r), step = part(p.k, step_blocks, s);
        float* const room = packed + count % 2 * (a_floats + b_floats);
        const PortableBlock k{&p,   &data,
                              row,  part(p.m, row_blocks, r + 1) - row,
                              col,  std::min(block_cols, p.n - col),
                              step, part(p.k, step_blocks, s + 1) - step,
                              room, room + a_floats};
        if (p.operands == tensor::DType::bf16)
          block<BFloat16>(k);
        else
          block<float>(k);
      }
}

}  // namespace HWY_NAMESPACE
}  // namespace attune::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace attune::kernels::cpu {

HWY_EXPORT(blocks);

void portable_product(Workspace& scratch, const Product& p, const ProductData& data) {
  ATTUNE_CHECK(p.result == tensor::DType::f32, "the portable product writes f32");
  float* const packed = scratch.get<float>(2 * (floats_of_a(p) + floats_of_b(p)));
#pragma omp parallel num_threads(p.threads)
  HWY_DYNAMIC_DISPATCH(blocks)(p, data, packed);
}

}  // namespace attune::kernels::cpu
#endif
