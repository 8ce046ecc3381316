// Contract: products with a matrix of few rows, as adapters of low rank make them.
//
// LowRankDown:   u[N, R] = x[N, C] A^T + bias               A [R, C]
//   Backward:    dA (+)= du^T x,  d_bias (+)= column sums of du,  dx += du A
// LowRankUp:     y[n, j] += scale * sum_k u[n, p r + k] B[b, k]   for every column j of part p, whose row of B is b
//                y += scale * bias, where there is one (then there is one part, of all columns)
//                `before` in place of what y holds, where it is given (then too; y's dtype)
//   Backward:    du = scale * dy B,  dB (+)= scale * dy^T u,  d_bias (+)= scale * column sums of dy
//
// Parts are ranges of y's columns, ascending and apart; part p reads the r columns [p r, (p + 1) r) of u, R = parts *
// r, and its rows of B follow those of part p - 1: B [sum of widths, r]. (Query and value of a product that makes
// query, key and value at once are two parts.)
//
// dtypes: x, y, dy, dx f32 or bf16 (or f64); A, B, u, du, bias and their gradients f32 (f64). Where x (backward: dy) is
// bf16, A (B) may be rounded to bf16 as it is read, as a product's weight is. Sums in f32 (f64), each row's in one
// order of its own, so that its bits depend neither on its company nor on the threads. Sums over rows run over blocks
// of rows whose number follows from N alone; blocks are added in order. dA, dB and d_bias may be undefined, and then
// are not made; so may dx.
#pragma once
#include <array>

#include "attune/tensor/tensor.h"

namespace attune::kernels {

using tensor::Tensor;

struct LowRankDown {
  Tensor x;
  Tensor a;
  Tensor bias = {};  // [R]
  Tensor u;          // out
};

struct LowRankDownBackward {
  Tensor x, du;
  Tensor a;
  Tensor dx = {};               // added to
  Tensor da = {}, d_bias = {};  // out, or added to:
  bool add_to_da = false, add_to_bias = false;
};

struct LowRankParts {
  static constexpr int kMost = 3;
  int count = 0;
  std::array<int64_t, kMost> begin = {}, end = {};  // columns of y

  void add(int64_t from, int64_t to) {
    begin[static_cast<size_t>(count)] = from, end[static_cast<size_t>(count)] = to;
    ++count;
  }
  // Calls body(part, its first column, its columns, columns of the parts before it) for each part.
  template <class Body>
  void for_each(const Body& body) const {
    int64_t before = 0;
    for (int p = 0; p < count; ++p) {
      const int64_t first = begin[static_cast<size_t>(p)], width = end[static_cast<size_t>(p)] - first;
      body(p, first, width, before);
      before += width;
    }
  }
  // Calls body(part, the how-many-th of the parts' columns, column of y) for each column.
  template <class Body>
  void for_columns(const Body& body) const {
    for_each([&](int part, int64_t first, int64_t width, int64_t before) {
      for (int64_t j = 0; j < width; ++j) body(part, before + j, first + j);
    });
  }
  int64_t columns() const {
    int64_t sum = 0;
    for_each([&](int, int64_t, int64_t width, int64_t) { sum += width; });
    return sum;
  }
};

struct LowRankUp {
  Tensor u;
  Tensor b;
  Tensor bias = {};  // [columns of y]
  double scale = 1;
  LowRankParts parts;
  Tensor before = {};
  Tensor y;  // added to, or out where there is `before`
};

struct LowRankUpBackward {
  Tensor u, b, dy;
  double scale = 1;
  LowRankParts parts;
  Tensor du = {};               // out
  Tensor db = {}, d_bias = {};  // out, or added to:
  bool add_to_db = false, add_to_bias = false;
};

// ScaleColumns:  y[n, j] = x[n, j] g[i] + shift[i]     for the i-th column j of the parts; the other columns are copied
//   Backward:    dx[n, j] = dy[n, j] g[i];  dg[i] (+)= sum over n of dy[n, j] (x[n, j] - center[i])
//                shift and center [columns of the parts] or undefined: 0. dx or dg may be undefined.
// x, y f32, bf16 or f64; y may be x.
struct ScaleColumns {
  Tensor x;
  Tensor g;  // [columns of the parts]
  Tensor shift = {};
  LowRankParts parts;
  Tensor y;
};

struct ScaleColumnsBackward {
  Tensor x, dy;
  Tensor g;
  Tensor center = {};
  LowRankParts parts;
  Tensor dx = {};
  Tensor dg = {};
  bool add_to_dg = false;
};

}  // namespace attune::kernels
