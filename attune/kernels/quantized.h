// Contract: products of bytes, for int8 inference (tensor/quantized.h says how rows and weights become bytes).
//
//   QuantizeRows:      rows <- X[N, C]                                            X f32 or bf16 (reference: f32, f64)
//   QuantizedMatmul:   S[r, n] = sum over k of (a[r, k] - zero_a[r]) b[k, n]      in s32, exactly, on every processor
//                      Y[r, n] = g(S[r, n] * (scale_a[r] * scale_b[n]) + bias[n]) in f32
//                      c <- Y rounded to c's dtype, or S where that is i32; or rows <- Y as QuantizeRows would
//
// g: nothing, or with `gelu` x Phi(x) to within kGeluError (a hundredth of a byte's step at most activations' size).
// Vpdpbusd adds its four products of u8 and s8 straight into s32 and saturates nowhere (vpmaddubsw would, at 16 bits);
// with K up to kMostDepth no sum leaves s32. Same bits: a row does not depend on the other rows nor on the thread
// count. Rows with scale NaN give NaN. bias f32 [N] or undefined.
#pragma once
#include "attune/tensor/quantized.h"

namespace attune::kernels {

using tensor::ByteWeight;
using tensor::QuantizedRows;
using tensor::QuantizedWeight;
using tensor::Tensor;

struct QuantizeRows {
  Tensor x;            // [N, C]
  QuantizedRows rows;  // out
};

struct QuantizedMatmul {
  static constexpr int64_t kMostDepth = 65536;
  static constexpr double kGeluError = 2e-4;

  QuantizedRows a;
  int64_t m = 0, k = 0, n = 0;
  QuantizedWeight b;
  Tensor bias = {};
  bool gelu = false;        // where the result is f32 or bytes
  Tensor c = {};            // out [m, n] f32, bf16 or i32; undefined where `rows` is wanted
  QuantizedRows rows = {};  // out [m, n]
};

// Rows [first, first + w.rows()) of a weight (of either kind), and of an i8 table, from w [rows, in] f32. On the host;
// what the rows do not reach (the filling up) stays as it is: zeros.
void quantize_weight_rows(const Tensor& w, int64_t first, const QuantizedWeight& to);
void quantize_weight_rows(const Tensor& w, int64_t first, const ByteWeight& to);
void quantize_table_rows(const Tensor& w, int64_t first, const Tensor& table);

}  // namespace attune::kernels
