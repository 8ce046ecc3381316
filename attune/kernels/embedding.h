// Contract: sums of embedding rows, and selections of rows.
//
// EmbeddingSum:  y[r, :] = sum over tables t of table_t[index_t[r], :]     tables [V_t, C] f32 (f64), y f32 (f64).
//                forward a table may be of bf16, or of i8, each row with its scale (tensor/quantized.h)
// Backward:      d_table_t[index_t[r], :] += dy[r, :] for r in [0, rows), in order of r for each element (so the bits
// do not
//                depend on the thread count). Rows at and beyond `rows` (padding) are not visited.
//
// GatherRows:    y[i, :] = x[index[i], :]                       x f32, bf16 or f64; y the same dtype. index < 0: a zero
// row. Backward:      d_x[index[i], :] += d_y[i, :]; d_x was zeroed by the caller; no index twice except negative ones
// (skipped).
//
// MeanRows:      y[b, :] = mean of x's rows [offsets[b], offsets[b+1])    (an empty sequence: zeros); rows of y beyond
// B are zeroed Backward:      d_x[r, :] = d_y[b, :] / length_b (written); rows at or beyond offsets[B]: 0
#pragma once
#include <array>
#include <cstdint>

#include "attune/tensor/tensor.h"

namespace attune::kernels {

using tensor::Tensor;

struct EmbeddingSum {
  static constexpr int kMaxTables = 3;
  int tables = 0;
  std::array<Tensor, kMaxTables> table;  // in backward: d_table, undefined where frozen
  std::array<const int32_t*, kMaxTables> index;
  Tensor y;          // in backward: dy
  int64_t rows = 0;  // backward: how many rows count
};

struct GatherRows {
  Tensor x;
  const int32_t* index = nullptr;  // [rows of y]
  Tensor y;
};

struct MeanRows {
  Tensor x;
  const int32_t* offsets = nullptr;
  int64_t sequences = 0;
  Tensor y;
};

}  // namespace attune::kernels
