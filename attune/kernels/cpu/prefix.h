// The CPU's virtual tokens: copies, and sums over the sequences in order.
#pragma once
#include "attune/kernels/prefix.h"

namespace attune::kernels::cpu {

void insert_prefix(int threads, const InsertPrefix& p);
void insert_prefix_backward(int threads, const InsertPrefixBackward& p);
void put_rows(int threads, const PutRows& p);
void put_rows_backward(int threads, const PutRows& p);

}  // namespace attune::kernels::cpu
