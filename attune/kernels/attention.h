// Contract: multi-head self-attention over ragged sequences.
//
// For each sequence b, head h, with q, k, v the [T, D] blocks of qkv's rows [offsets[b], offsets[b+1]):
//   s[i, j] = scale * q_i . k_j;   p = softmax over j of s;   p~ = dropout(p);   out[i, h*D : (h+1)*D] = sum_j p~[i, j]
//   v_j
//
// qkv [N, 3C]: columns [0, C) queries, [C, 2C) keys, [2C, 3C) values; head h has columns h*D .. (h+1)*D of each; C =
// H*D. dtypes: qkv, out, d_out, d_qkv all f32, all bf16 or all f64; everything between in f32 (f64). log_sum [N, H] f32
// (f64): log of the soft-max's denominator including the maximum, kept for backward. Rows >= offsets[B] of out and
// d_qkv become 0. Dropout draws: keep(i, j) = random_bits(mix_key(mix_key(site, row_keys[row of i]), h), j) >= round(p
// * 2^32), where j is the key's position in the sequence. A sequence's result does not depend on its company or on the
// thread count. Vaswani et al. 2017, arXiv 1706.03762, eq. 1.
//
// With `query_rows`, only those rows ask: query i of sequence b, i in [query_offsets[b], query_offsets[b+1]), is row
// query_rows[i] of the batch (ascending, each once; keys are still named by their row). out, d_out [n, C] and log_sum
// [n, H] have a row for each query; the rows of d_qkv that do not ask have no gradient in their query columns. A row's
// result is the same whoever else asks.
//
// Backward, with e_i = sum_c d_out[i, c] out[i, c] (per head):
//   dp~ = d_out v^T;  dp = dropout mask of dp~;  ds[i, j] = p[i, j] (dp[i, j] - e_i);  dq = scale ds k;  dk = scale
//   ds^T q;  dv = p~^T d_out
#pragma once
#include "attune/kernels/dropout.h"

namespace attune::kernels {

struct Attention {
  Tensor qkv;
  const int32_t* offsets = nullptr;  // [B+1]
  int64_t sequences = 0;
  const int32_t* query_rows = nullptr;     // [n] or nullptr: all rows ask
  const int32_t* query_offsets = nullptr;  // [B+1], with query_rows
  int64_t heads = 1;
  double scale = 1;
  DropoutKeys dropout;
  Tensor out;      // [N, C] or [n, C]
  Tensor log_sum;  // [N, H] or [n, H], or undefined where no backward follows
};

struct AttentionBackward {
  Attention forward;  // with its results
  Tensor d_out;       // [N, C]
  Tensor d_qkv;       // out [N, 3C]
};

}  // namespace attune::kernels
