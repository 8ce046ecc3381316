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

constexpr int64_t kDepth =
    384;  // steps of k at a time: a panel of B has 24 KB with 8 lanes and stays in the first-level cache
constexpr int64_t kBlockRows = 512;  // rows of A at a time, at most, where it lies: a panel of B is packed for each
constexpr int64_t kPackedBlockRows = 256;           // and packed: they stay in the second-level cache
constexpr int64_t kRowsOfTile = 6, kTileWidth = 8;  // rows of A in a tile, and the places they have when packed
constexpr int64_t kRowsInPlace = 128;               // more rows pay for a copy of B that could be read where it lies
constexpr int64_t kItemsOfThread = 4;               // items of work a thread, at least, where there are as many

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
  int64_t row, rows, step, steps;  // this block of A'
  float* a;                        // its tiles, if packed

  int64_t tiles() const { return ceil_div(rows, kRowsOfTile); }
};

// Whether a tile reads A where it lies: its rows are then streams of their own, which the processor fetches ahead.
bool reads_a_in_place(const Product& p) {
  return p.operands == tensor::DType::f32 && !p.transpose_a;
}

// What a block of A' may need, packed.
int64_t floats_of_block(const Product& p) {
  return reads_a_in_place(p) ? 0 : ceil_div(std::min(p.m, kPackedBlockRows), kRowsOfTile) * kTileWidth * kDepth;
}

}  // namespace attune::kernels::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu {
namespace HWY_NAMESPACE {

using tensor::BFloat16;

constexpr int64_t kPanelVectors = kTileVectors;
constexpr int64_t kPanelFloats = kPanelVectors * HWY_MAX_BYTES / sizeof(float);
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

// Called by every thread of the team, which waits until all of it is there.
template <class T>
void pack_a(const PortableBlock& k) {
#pragma omp for schedule(static)
  for (int64_t t = 0; t < k.tiles(); ++t) pack_tile_of_a<T>(k, t);
}

template <class T>
void pack_panel_of_b(const PortableBlock& k, int64_t panel, float* packed) {
  const Product& p = *k.product;
  const int64_t width = panel_width(), first = panel * width;
  Strip<T> strip{.from = static_cast<const T*>(k.data->b),
                 .count = std::min(width, p.n - first),
                 .steps = k.steps,
                 .width = width,
                 .item_stride = p.transpose_b ? p.ldb : 1,
                 .step_stride = p.transpose_b ? 1 : p.ldb};
  strip.from += first * strip.item_stride + k.step * strip.step_stride;
  pack(strip, packed);
}

// A tile of A' as it is read: packed, or where it lies. Element (i, s) is a[i * row + s * step].
struct LeftTile {
  const float* a;
  int64_t row, step;
};

LeftTile left_tile(const PortableBlock& k, int64_t index, int64_t first_row) {
  const Product& p = *k.product;
  if (reads_a_in_place(p)) return {static_cast<const float*>(k.data->a) + first_row * p.lda + k.step, p.lda, 1};
  return {k.a + index * kTileWidth * kDepth, 1, kTileWidth};
}

// A panel of B as a tile reads it: packed, or where it lies, its rows `ld` apart.
struct Panel {
  int64_t index;
  const float* b;
  int64_t ld;
};

// Rows a multiple of 4 KB apart would drive one another out of the cache.
bool in_place(const PortableBlock& k, int64_t panel) {
  const Product& p = *k.product;
  return p.operands == tensor::DType::f32 && !p.transpose_b && k.rows <= kRowsInPlace && p.ldb % 1024 != 0 &&
         (panel + 1) * panel_width() <= p.n;
}

template <class T>
Panel panel_of_b(const PortableBlock& k, int64_t panel, float* packed) {
  if (in_place(k, panel))
    return {panel, static_cast<const float*>(k.data->b) + k.step * k.product->ldb + panel * panel_width(),
            k.product->ldb};
  pack_panel_of_b<T>(k, panel, packed);
  return {panel, packed, panel_width()};
}

// One tile of C: its rows by one panel. Columns beyond n are computed beside it and left there.
void tile_of_c(const PortableBlock& k, int64_t tile_index, const Panel& panel) {
  const Product& p = *k.product;
  const int64_t width = panel_width(), col = panel.index * width, cols = std::min(width, p.n - col);
  const int64_t first = part(k.rows, k.tiles(), tile_index), rows = part(k.rows, k.tiles(), tile_index + 1) - first;
  float* const c = static_cast<float*>(k.data->c) + (k.row + first) * p.n + col;
  const bool starts = k.step == 0 && !p.accumulate;
  if (starts && p.bias) {
    const float* bias = static_cast<const float*>(k.data->bias) + col;
    for (int64_t i = 0; i < rows; ++i) std::copy(bias, bias + cols, c + i * p.n);
  }
  for (int64_t i = 0; i < rows; ++i) hwy::Prefetch(c + i * p.n);
  const LeftTile left = left_tile(k, tile_index, k.row + first);
  SmallProduct product{.rows = rows,
                       .vectors = kPanelVectors,
                       .steps = k.steps,
                       .a = left.a,
                       .a_row = left.row,
                       .a_col = left.step,
                       .b = panel.b,
                       .ldb = panel.ld,
                       .c = c,
                       .ldc = p.n,
                       .accumulate = !starts || p.bias};
  if (cols == width) return tile_of<kPanelVectors>(product, 0, rows, 0);
  HWY_ALIGN float edge[kRowsOfTile * kPanelFloats] = {};
  for (int64_t i = 0; i < rows; ++i) std::copy(c + i * p.n, c + i * p.n + cols, edge + i * width);
  product.c = edge;
  product.ldc = width;
  tile_of<kPanelVectors>(product, 0, rows, 0);
  for (int64_t i = 0; i < rows; ++i) std::copy(edge + i * width, edge + i * width + cols, c + i * p.n);
}

// Called by every thread of the team; the loops are shared among them. An item of work is a panel of B, packed by the
// thread that uses it, and a group of tiles. No thread waits at the end: the next block of A' is packed elsewhere, and
// where the next block adds to the same elements of C, its loop has as many items, so each falls to the same thread.
template <class T>
void block(const PortableBlock& k) {
  const int64_t tiles = k.tiles(), panels = ceil_div(k.product->n, panel_width());
  const int64_t groups = std::min(tiles, ceil_div(kItemsOfThread * k.product->threads, panels));
  HWY_ALIGN float b[kDepth * kPanelFloats];
  Panel panel{-1, nullptr, 0};
  if (!reads_a_in_place(*k.product)) pack_a<T>(k);
#pragma omp for schedule(static) nowait
  for (int64_t item = 0; item < panels * groups; ++item) {
    const int64_t index = item / groups, group = item % groups;
    if (panel.index != index) panel = panel_of_b<T>(k, index, b);
    const int64_t end = part(tiles, groups, group + 1);
    for (int64_t t = part(tiles, groups, group); t < end; ++t) tile_of_c(k, t, panel);
  }
}

// `packed`: room for two blocks of A', used in turn.
void blocks(const Product& p, const ProductData& data, float* packed) {
  const int64_t row_blocks = ceil_div(p.m, reads_a_in_place(p) ? kBlockRows : kPackedBlockRows);
  const int64_t step_blocks = ceil_div(p.k, kDepth);
  for (int64_t i = 0; i < row_blocks * step_blocks; ++i) {
    const int64_t r = i / step_blocks, s = i % step_blocks;
    const int64_t row = part(p.m, row_blocks, r), rows = part(p.m, row_blocks, r + 1) - row;
    const int64_t step = part(p.k, step_blocks, s), steps = part(p.k, step_blocks, s + 1) - step;
    const PortableBlock k{&p, &data, row, rows, step, steps, packed + i % 2 * floats_of_block(p)};
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
  float* const packed = scratch.get<float>(2 * floats_of_block(p));
#pragma omp parallel num_threads(p.threads)
  HWY_DYNAMIC_DISPATCH(blocks)(p, data, packed);
}

}  // namespace attune::kernels::cpu
#endif
