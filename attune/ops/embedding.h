// y[r, :] = sum over tables of table[index[r], :]; contract in kernels/embedding.h. Tables are differentiable: their
// gradients are added row by row, in the order of the rows. y [N, C] f32 (f64).
#pragma once
#include <span>

#include "attune/autograd/context.h"

namespace attune::ops {

using autograd::Context;
using autograd::Tape;
using tensor::Tensor;

struct EmbeddingLookup {
  Tensor table;          // [V, C]
  const int32_t* index;  // [N], each in [0, V)
  // Where the table's gradient has rows only for what is read: the gradient's row of each; nullptr: as `index`.
  const int32_t* gradient_index = nullptr;
};

// `counted`: rows that count in the gradient (those beyond belong to no sequence).
Tensor embedding_sum(Context& context, std::span<const EmbeddingLookup> lookups, int64_t rows, int64_t counted);

}  // namespace attune::ops
