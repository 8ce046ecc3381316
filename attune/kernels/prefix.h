// Contract: keys and values of virtual tokens put before each sequence's own, and virtual tokens among embeddings.
//
// InsertPrefix:  y[i, :] = x[index[i], :]                                         where index[i] >= 0
//                y[i, :] = 0 ... 0, table[-1 - index[i], column : column + 2C]     elsewhere: no query, a key and a
//                value
//   x [N, 3C], y [N', 3C] f32, bf16 or f64; table [P, ...] f32 (f64). No row of x twice; rows of x that nobody names
//   get a gradient of 0. Backward:    dx[index[i], :] = dy[i, :];  d_table[-1 - index[i], column + j] += dy[i, C + j]
//   in order of i
//
// PutRows:       y[row[i], :] = table[of[i], :] + more0[at0[i], :] + more1[at1[i], :]      all f32 (f64)
//   Backward:    d_table[of[i], :] += dy[row[i], :]  in order of i
// Gradients of tables are added to what is there.
#pragma once
#include <cstdint>

#include "attune/tensor/tensor.h"

namespace attune::kernels {

using tensor::Tensor;

struct InsertPrefix {
  Tensor x, table;
  int64_t column = 0;
  const int32_t* index = nullptr;  // [N']
  Tensor y;
};

struct InsertPrefixBackward {
  Tensor dy;
  int64_t column = 0;
  const int32_t* index = nullptr;
  Tensor dx = {};       // out
  Tensor d_table = {};  // added to
};

struct PutRows {
  Tensor table;
  const int32_t* row = nullptr;  // [count], of y
  const int32_t* of = nullptr;   // [count], of the table
  int64_t count = 0;
  Tensor more0 = {}, more1 = {};
  const int32_t *at0 = nullptr, *at1 = nullptr;  // [count]
  Tensor y;                                      // in backward: dy; table: its gradient
};

}  // namespace attune::kernels
