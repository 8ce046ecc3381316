#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attune/kernels/cpu/matmul_portable.cpp"
#include <hwy/foreach_target.h>
// foreach_target comes first
#include "attune/kernels/cpu/matmul_portable.h"
#include "attune/kernels/cpu/matmul_tile-inl.h"

#ifndef ATTUNE_MATMUL_PORTABLE_ONCE
#define ATTUNE_MATMUL_PORTABLE_ONCE
namespace attune::kernels::cpu {

constexpr int64_t kDepth = 256;       // steps of k in a panel: 16 KB of B stay in the first-level cache
constexpr int64_t kBlockRows = 960;   // rows of A packed at a time
constexpr int64_t kBlockCols = 1024;  // columns of B packed at a time
constexpr int64_t kGroupTiles = 8;    // tiles of A that one item of work goes through with one panel of B

struct PortableBlock {
  const Product* product;
  const ProductData* data;
  int64_t row, rows, col, cols, step, steps;  // this block of A', B' and C
  float* a;                                   // packed tiles of A', then panels of B'
  float* b;
};

}  // namespace attune::kernels::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu {
namespace HWY_NAMESPACE {

using tensor::BFloat16;

constexpr int64_t kPanelVectors = kTileVectors;
constexpr int64_t kRowsOfTile = tile_rows(kPanelVectors);

int64_t panel_width() {
  return kPanelVectors * static_cast<int64_t>(hn::Lanes(hn::ScalableTag<float>()));
}

int64_t ceil_div(int64_t x, int64_t by) {
  return (x + by - 1) / by;
}

// packed[s * width + i] = source(i, s) for `count` items of `width` and `steps` steps; the rest of the width is zero.
template <class T>
void pack(const T* source, int64_t item_stride, int64_t step_stride, int64_t count, int64_t steps, int64_t width,
          float* packed) {
  for (int64_t s = 0; s < steps; ++s, source += step_stride, packed += width) {
    for (int64_t i = 0; i < count; ++i) packed[i] = static_cast<float>(source[i * item_stride]);
    std::fill(packed + count, packed + width, 0.0f);
  }
}

template <class T>
void pack_tile_of_a(const PortableBlock& k, int64_t t) {
  const Product& p = *k.product;
  const int64_t row_stride = p.transpose_a ? 1 : p.lda, step_stride = p.transpose_a ? p.lda : 1;
  const int64_t first = t * kRowsOfTile, count = std::min(kRowsOfTile, k.rows - first);
  const T* source = static_cast<const T*>(k.data->a) + (k.row + first) * row_stride + k.step * step_stride;
  pack(source, row_stride, step_stride, count, k.steps, kRowsOfTile, k.a + t * kRowsOfTile * kDepth);
}

template <class T>
void pack_panel_of_b(const PortableBlock& k, int64_t t) {
  const Product& p = *k.product;
  const int64_t width = panel_width();
  const int64_t col_stride = p.transpose_b ? p.ldb : 1, step_stride = p.transpose_b ? 1 : p.ldb;
  const int64_t first = t * width, count = std::min(width, k.cols - first);
  const T* source = static_cast<const T*>(k.data->b) + (k.col + first) * col_stride + k.step * step_stride;
  pack(source, col_stride, step_stride, count, k.steps, width, k.b + t * width * kDepth);
}

// One tile of C: its rows by one panel. Columns beyond n are computed beside it and left there.
void tile_of_c(const PortableBlock& k, int64_t tile_index, int64_t panel) {
  const Product& p = *k.product;
  const int64_t width = panel_width();
  const int64_t first = tile_index * kRowsOfTile, rows = std::min(kRowsOfTile, k.rows - first);
  const int64_t cols = std::min(width, k.cols - panel * width);
  float* const c = static_cast<float*>(k.data->c) + (k.row + first) * p.n + k.col + panel * width;
  const bool starts = k.step == 0 && !p.accumulate;
  if (starts && p.bias) {
    const float* bias = static_cast<const float*>(k.data->bias) + k.col + panel * width;
    for (int64_t i = 0; i < rows; ++i) std::copy(bias, bias + cols, c + i * p.n);
  }
  SmallProduct product{rows,
                       kPanelVectors,
                       k.steps,
                       k.a + tile_index * kRowsOfTile * kDepth,
                       1,
                       kRowsOfTile,
                       k.b + panel * width * kDepth,
                       width,
                       c,
                       p.n,
                       !starts || p.bias};
  if (cols == width) return small_product(product);
  HWY_ALIGN float edge[kRowsOfTile * kPanelVectors * HWY_MAX_BYTES / sizeof(float)] = {};
  for (int64_t i = 0; i < rows; ++i) std::copy(c + i * p.n, c + i * p.n + cols, edge + i * width);
  product.c = edge;
  product.ldc = width;
  small_product(product);
  for (int64_t i = 0; i < rows; ++i) std::copy(edge + i * width, edge + i * width + cols, c + i * p.n);
}

// Called by every thread of the team; the loops are shared among them, with a barrier after each.
template <class T>
void block(const PortableBlock& k) {
  const int64_t tiles = ceil_div(k.rows, kRowsOfTile), panels = ceil_div(k.cols, panel_width());
  const int64_t groups = ceil_div(tiles, kGroupTiles);
#pragma omp for schedule(static) nowait
  for (int64_t t = 0; t < tiles; ++t) pack_tile_of_a<T>(k, t);
#pragma omp for schedule(static)
  for (int64_t t = 0; t < panels; ++t) pack_panel_of_b<T>(k, t);
#pragma omp for schedule(static)
  for (int64_t item = 0; item < groups * panels; ++item) {
    const int64_t group = item / panels, panel = item % panels;
    const int64_t end = std::min((group + 1) * kGroupTiles, tiles);
    for (int64_t t = group * kGroupTiles; t < end; ++t) tile_of_c(k, t, panel);
  }
}

void blocks(const Product& p, const ProductData& data, float* a, float* b) {
  for (int64_t row = 0; row < p.m; row += kBlockRows)
    for (int64_t col = 0; col < p.n; col += kBlockCols)
      for (int64_t step = 0; step < p.k; step += kDepth) {
        const PortableBlock k{&p,   &data,
                              row,  std::min(kBlockRows, p.m - row),
                              col,  std::min(kBlockCols, p.n - col),
                              step, std::min(kDepth, p.k - step),
                              a,    b};
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
  // Room for the last tile and panel, whatever the target's width: at most 64 columns of f32.
  const int64_t a_floats = (std::min(p.m, kBlockRows) + 8) * kDepth,
                b_floats = (std::min(p.n, kBlockCols) + 64) * kDepth;
  float* const a = scratch.get<float>(a_floats + b_floats);
#pragma omp parallel num_threads(p.threads)
  HWY_DYNAMIC_DISPATCH(blocks)(p, data, a, a + a_floats);
}

}  // namespace attune::kernels::cpu
#endif
