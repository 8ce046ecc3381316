// A batch with rows for virtual tokens before each of its sequences (peft/virtual_tokens.h).
//
// Axes: B sequences, N rows of the batch, P virtual tokens, N' = tokens + B P rounded up. Everything that kernels read
// lies in the arena; positions of the batch's own rows are P higher.
#pragma once
#include <vector>

#include "attune/autograd/context.h"
#include "attune/tensor/packed_rows.h"

namespace attune::models {

struct VirtualRows {
  tensor::PackedView own;                                   // the batch as it is, but for its positions
  tensor::PackedView whole;                                 // with the virtual rows, whose ids and segments are 0
  const int32_t* index = nullptr;                           // [N'] row of the batch, or -1 - p, or beyond: -1 - 0
  const int32_t *rows = nullptr, *of = nullptr;             // [B P] virtual rows of `whole`, and which p each is
  const int32_t *positions = nullptr, *segments = nullptr;  // [B P]
  int64_t count = 0;                                        // B P
  std::vector<int32_t> place;                               // [N] where a row of the batch stands; -1 beyond its tokens
  std::vector<int32_t> first;                               // [B] where a sequence begins
};
VirtualRows with_virtual_rows(autograd::Context& context, const tensor::PackedRows& rows, int64_t virtual_tokens);

// Rows of the batch as rows of `whole`: all of them, or those that are kept. firsts: a sequence's first row means the
// first of its virtual ones.
tensor::KeptView all_in(autograd::Context& context, const VirtualRows& rows, const tensor::PackedRows& batch);
tensor::KeptView kept_in(autograd::Context& context, const VirtualRows& rows, const tensor::KeptRows& kept,
                         const tensor::PackedRows& batch, bool firsts);
// The same of single rows: [count].
const int32_t* rows_in(autograd::Context& context, const VirtualRows& rows, std::span<const int32_t> of_batch,
                       const tensor::PackedRows& batch, bool firsts);

}  // namespace attune::models
