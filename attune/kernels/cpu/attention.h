// Contract: the CPU's attention over ragged sequences (see attune/kernels/attention.h), f32 and bf16.
//
// Work is cut into (sequence, head) items; one thread computes an item whole, in an order that depends on nothing but
// its length, so bits depend neither on the thread count nor on the company. Scratch belongs to the threads, grows to
// the longest sequence met and is kept.
// Errors (internal): shapes that do not fit, dtypes outside the contract.
#pragma once
#include "attune/kernels/attention.h"

namespace attune::kernels::cpu {

void attention(int threads, const Attention& args);
void attention_backward(int threads, const AttentionBackward& args);

}  // namespace attune::kernels::cpu
