// Contract: matrix product.
//
//   C[m, n] (+)= A'[m, k] B'[k, n] + bias[n]      A' = A or its transpose, B' likewise
//
// dtypes: A and B both f32, both bf16 or both f64; C f32, bf16 or f64 (bf16 operands: f32 or bf16 result); sums in f32
// (f64). bias f32 (f64) [n] or undefined; never together with accumulate. Row major, contiguous. Same bits: a row of C
// does not depend on the other rows of A' nor on the thread count. B may be an f32 weight with packed forms
// (packed_weight.h), which are read in place of it where A is bf16: forward with transpose_b, else backward; or a
// weight that is held as bytes (Tensor::byte_weight), of which W' in A's type is read. squares: f64 [1, 1] or
// undefined; gets the sum of the squares of C as it is afterwards, in an order that depends on shapes alone (for the
// norm of gradients, while they are at hand). Where k counts rows of a batch (transpose_a: weight gradients), the sum
// runs over blocks of at most 1,024 rows, added in order.
#pragma once
#include "attune/tensor/tensor.h"

namespace attune::kernels {

using tensor::Tensor;

struct Matmul {
  Tensor a;  // [m, k], or [k, m] with transpose_a
  Tensor b;  // [k, n], or [n, k] with transpose_b
  Tensor c;  // [m, n]
  Tensor bias = {};
  Tensor squares = {};
  bool transpose_a = false;
  bool transpose_b = false;
  bool accumulate = false;
};

// out[n] (+)= sum over rows of x[N, n]; x f32, bf16 or f64; out f32 (f64). Rows are summed in f32 over chunks of 64,
// the chunks in order, so the bits do not depend on the thread count. (Gradients of biases.)
struct ColumnSum {
  Tensor x;
  Tensor out;
  bool accumulate = false;
};

}  // namespace attune::kernels
