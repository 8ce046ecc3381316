// The CPU's sums and selections of rows. Indices are checked: an index outside its table is an internal error.
#pragma once
#include "attune/kernels/embedding.h"

namespace attune::kernels::cpu {

void embedding_sum(int threads, const EmbeddingSum& p);
void embedding_sum_backward(int threads, const EmbeddingSum& p);
void gather_rows(int threads, const GatherRows& p);
void gather_rows_backward(int threads, const GatherRows& p);
void mean_rows(int threads, const MeanRows& p);
void mean_rows_backward(int threads, const MeanRows& p);

}  // namespace attune::kernels::cpu
