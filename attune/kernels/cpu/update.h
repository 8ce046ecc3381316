// The CPU's optimizer updates: one pass over memory, f32 with an optional bf16 copy.
#pragma once
#include "attune/kernels/update.h"

namespace attune::kernels::cpu {

void adam_update(int threads, const AdamUpdate& p);
void adam_replay(int threads, const AdamReplay& p);
void sgd_update(int threads, const SgdUpdate& p);

}  // namespace attune::kernels::cpu
