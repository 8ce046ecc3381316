// Contract: what a product of bytes (kernels/quantized.h) is made of on the CPU: parts, by the best instructions at
// hand. Their s32 sums are exact, so it does not show in them who made them.
#pragma once
#include <cstdint>

#include "attune/kernels/quantized.h"

namespace attune::kernels::cpu {

// Rows [row, row + rows) and column block `block` of a product, written to product.c; where `wide` is given, as f32 to
// wide[i * wide_stride + column].
struct Int8Part {
  const QuantizedMatmul& product;
  int64_t row, rows, block;
  float* wide = nullptr;
  int64_t wide_stride = 0;

  // The factors: rows product.a.stride apart, and the block's column groups.
  const uint8_t* a() const { return product.a.values + row * product.a.stride; }
  const int8_t* b() const { return product.b.values + block * groups() * kGroupBytes; }
  int64_t groups() const { return QuantizedWeight::groups_of(product.k); }
  static constexpr int64_t kGroupBytes = QuantizedWeight::kBlock * QuantizedWeight::kGroup;

  Int8Part rows_of(int64_t first, int64_t count) const {
    return {product, row + first, count, block, wide ? wide + first * wide_stride : nullptr, wide_stride};
  }
};

struct Int8Path {
  const char* instructions;  // "amx_int8", "avx512_vnni" or "portable"
  int64_t chunk_rows;        // of a part at most, so that the weights' block is read from the cache for many rows
  int64_t least_rows;        // below which another thread's help costs more than it brings
  void (*make)(const Int8Part& part);
};

// Tiles in registers, of "portable" and "avx512_vnni": so many rows at most, and a block of 64 columns.
inline constexpr int64_t kInt8Rows = 6;

// The best that the processor has and ATTUNE_MAX_ISA leaves to us.
const Int8Path& int8_path();
// Those there are, for tests. Null where the processor lacks AMX (or ATTUNE_MAX_ISA keeps it from us), AVX-512 VNNI.
const Int8Path* amx_path();
const Int8Path* vnni_path();
const Int8Path& portable_path();

// What becomes of a part's sums[i * 64 + j] = sum over k of a[i, k] b[k, j].
void finish_int8_part(const Int8Part& part, const int32_t* sums);

// x Phi(x) with Phi = 1/2 + x P(x^2) in [0, 1], P of falling powers, for x held to |x| <= 4; fitted by
// tools/fit_kernels.py to an error of x Phi of 1.9e-4.
inline constexpr float kRoughGelu[] = {2.278149047185707e-08f,  -1.5986047401383985e-06f, 4.795556378667243e-05f,
                                       -0.0008140158606693149f, 0.008772389963269234f,    -0.06457311660051346f,
                                       0.3978833556175232f};
inline constexpr float kRoughGeluEnd = 4;

// rows [row, row + count) from f32 values, `stride` apart.
void quantize_wide_rows(const float* x, int64_t stride, int64_t count, int64_t n, const QuantizedRows& rows,
                        int64_t row);
// Rows [begin, end).
void quantize_row_range(const QuantizeRows& p, int64_t begin, int64_t end);

}  // namespace attune::kernels::cpu
