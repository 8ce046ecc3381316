// Cross-entropy over a vocabulary: the last layer and its loss as one op, so that logits [N, V] never stand in memory.
//
//   item_i = L_i - z_iy,   z = x W^T + b,   L_i = log sum_v exp z_iv
//
// x [N, C], W [V, C] (most often the table of words, tied), b [V] or undefined, targets [N], of which `ignored` ones
// cost 0; items [N] in the run's summing type, no mean: weights of items are the gradients that arrive at them. Rows
// are taken in chunks whose logits, f32, fill `chunk_bytes`; the backward pass makes a chunk's logits once more and
// turns them into dz = u (softmax(z) - onehot), dx = dz W, dW += dz^T x, db += column sums of dz. One product of three
// is done twice: 4/3 of the plain op's. Values and gradients by rows have the bits of linear() and
// softmax_cross_entropy(); sums over rows (dW, db) run over chunks in order.
//
// Memory: forward one chunk; backward two, and a half in bf16, in place of 8 N V bytes. (N 4,096, V 30,522: 1 GB.)
// As of Hsu et al. 2024, arXiv 2410.10989 (section 3.2, chunks of rows), and Wijmans et al. 2024, arXiv 2411.09009
// (logits are never kept).
#pragma once
#include "attune/autograd/context.h"

namespace attune::ops {

using autograd::Context;
using autograd::Tape;
using tensor::Tensor;

struct VocabularyOptions {
  int32_t ignored = -100;
  int64_t chunk_bytes = int64_t{32} << 20;  // at least one row multiple is taken at once
};

Tensor vocabulary_cross_entropy(Context& context, const Tensor& x, const Tensor& weight, const Tensor& bias,
                                const int32_t* targets, const VocabularyOptions& options = {});

}  // namespace attune::ops
