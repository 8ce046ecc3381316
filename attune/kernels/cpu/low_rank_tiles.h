// Rows of bf16 times a matrix of up to 16 columns, on AMX's tiles: what the halves of an adapter that read wide rows
// come down to. Each element is one chain over steps of 32 k in order, whatever rows stand beside.
#pragma once
#include "attune/kernels/cpu/low_rank_tile.h"
#include "attune/tensor/dtype.h"

namespace attune::kernels::cpu {

// out[i, 0..count) = scale * sum over k of x[i, k] tile[k, 0..16)
struct TileProjection {
  const tensor::BFloat16* x;  // rows x_stride apart
  int64_t x_stride, rows, depth;
  const tensor::BFloat16* tile;  // element (k, n) stands at (k / 2) * 32 + n * 2 + k % 2
  float scale;
  float* out;  // rows out_stride apart
  int64_t out_stride, count;
};

// Whether rows of this depth are multiplied so here.
bool projects_on_tiles(int64_t depth);
void tile_project(const TileProjection& p);

}  // namespace attune::kernels::cpu
