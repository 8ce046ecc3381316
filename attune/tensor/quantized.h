// Matrices as bytes. For int8 products: activations by row (asymmetric, unsigned), weights by output column (symmetric,
// signed). For products of floats: frozen weights (ByteWeight). Views; memory belongs to an Arena or a Buffer.
#pragma once
#include <algorithm>
#include <cstdint>

#include "attune/tensor/memory.h"

namespace attune::tensor {

// X [N, C]:  X[r, c] ~ scale[r] (values[r * stride + c] - zero[r]),  zero in [0, 255]
//
//   scale = (max(X[r], 0) - min(X[r], 0)) / 255,  zero = round(-min / scale),  value = round(X / scale) + zero in [0,
//   255]
// rounded to nearest, ties to even: a number is off by at most a scale (half of one but at the ends), 0 is exact.
// A row whose scale would be at most 2^-108 is one of zeros: scale 0. A row with a NaN or an infinity has scale NaN, so
// that all that follows from it is NaN. `stride` is C rounded up to whole cache lines; what stands beyond C is 0.
struct QuantizedRows {
  uint8_t* values = nullptr;
  float* scale = nullptr;   // [N]
  int32_t* zero = nullptr;  // [N]
  int64_t stride = 0;

  bool defined() const { return values != nullptr; }

  static int64_t stride_of(int64_t cols) { return static_cast<int64_t>(aligned(static_cast<size_t>(cols))); }
  // How the three lie in one block, which begins on a cache line.
  static size_t bytes_of(int64_t rows, int64_t cols) {
    return aligned(static_cast<size_t>(rows * stride_of(cols))) + 2 * aligned(static_cast<size_t>(rows) * 4);
  }
  static QuantizedRows in_block(uint8_t* block, int64_t rows, int64_t cols) {
    uint8_t* const scales = block + aligned(static_cast<size_t>(rows * stride_of(cols)));
    return {.values = block,
            .scale = reinterpret_cast<float*>(scales),
            .zero = reinterpret_cast<int32_t*>(scales + aligned(static_cast<size_t>(rows) * 4)),
            .stride = stride_of(cols)};
  }
};

// W [out, in]:  W[o, i] ~ scale[o] q[o, i],  scale = max |W[o]| / 127,  q = round(W / scale) in [-127, 127], 0 where
// the row is one of zeros; as the right factor B [K, N] = q^T of a product it lies in blocks of 64 columns, four rows
// together, both filled up with zeros:
//   B[k, n] stands at ((n / 64) * ceil(K / 4) + k / 4) * 256 + (n % 64) * 4 + k % 4
struct QuantizedWeight {
  int8_t* values = nullptr;
  float* scale = nullptr;   // [N rounded up to 64]
  int32_t* sums = nullptr;  // [N rounded up to 64]: sum over i of q[o, i], what a zero point of the other factor adds

  static constexpr int64_t kBlock = 64;  // columns
  static constexpr int64_t kGroup = 4;   // rows that lie together

  static int64_t groups_of(int64_t in) { return (in + kGroup - 1) / kGroup; }
  static int64_t columns_of(int64_t out) { return (out + kBlock - 1) / kBlock * kBlock; }
  // Where q[o, i] stands, of a weight with so many columns.
  static int64_t place(int64_t o, int64_t i, int64_t in) {
    return ((o / kBlock) * groups_of(in) + i / kGroup) * kBlock * kGroup + o % kBlock * kGroup + i % kGroup;
  }
  static size_t bytes_of(int64_t out, int64_t in) {
    return static_cast<size_t>(columns_of(out) * (groups_of(in) * kGroup + 8));
  }
  static QuantizedWeight in_block(void* block, int64_t out, int64_t in) {
    auto* const values = static_cast<int8_t*>(block);
    int8_t* const scales = values + columns_of(out) * groups_of(in) * kGroup;
    return {.values = values,
            .scale = reinterpret_cast<float*>(scales),
            .sums = reinterpret_cast<int32_t*>(scales + columns_of(out) * 4)};
  }
};

// W [out, in] with the same scales and bytes, for products of floats to read (an adapter's base while it trains):
//
//   W'[o, i] = scale[o] q[o, i],  in f32; where operands are bf16, rounded to it (nearest, ties to even)
//
// both ways, y = x W'^T and dx = dy W'. Both axes are filled up with zeros to whole blocks of 64, and q lies as the
// forward form of a packed weight does (kernels/packed_weight.h), I = in filled up:
//   q[o, i] stands at ((o / 64) * (I / 2) + i / 2) * 128 + (o % 64) * 2 + i % 2
// Weight-only quantisation of a frozen base: Dettmers et al. 2023 (QLoRA), arXiv 2305.14314; here plain int8 by rows
// in place of their 4-bit NF4 by blocks.
struct ByteWeight {
  int8_t* values = nullptr;
  float* scale = nullptr;  // [out filled up]

  static constexpr int64_t kBlock = 64;
  static int64_t filled(int64_t n) { return (n + kBlock - 1) / kBlock * kBlock; }
  // Where q[o, i] stands, of a weight with so many columns.
  static int64_t place(int64_t o, int64_t i, int64_t in) {
    return ((o / kBlock) * (filled(in) / 2) + i / 2) * 2 * kBlock + o % kBlock * 2 + i % 2;
  }
  static size_t bytes_of(int64_t out, int64_t in) { return static_cast<size_t>(filled(out) * (filled(in) + 4)); }
  static ByteWeight in_block(void* block, int64_t out, int64_t in) {
    auto* const values = static_cast<int8_t*>(block);
    return {.values = values, .scale = reinterpret_cast<float*>(values + filled(out) * filled(in))};
  }
};

// A table T [V, C] of which rows are read, as a tensor of i8: T[v, c] ~ scale[v] q[v, c] with W's formulas; the values
// lie row by row, the scales behind them.
inline size_t quantized_table_bytes(int64_t rows, int64_t cols) {
  return aligned(static_cast<size_t>(rows * cols)) + aligned(static_cast<size_t>(rows) * 4);
}
inline float* quantized_table_scales(const Tensor& table) {
  return reinterpret_cast<float*>(static_cast<char*>(table.data) + aligned(static_cast<size_t>(table.count())));
}

}  // namespace attune::tensor
