// The CPU's dropout; x and y each f32 or bf16.
#pragma once
#include "attune/kernels/dropout.h"

namespace attune::kernels::cpu {

void dropout(int threads, const Dropout& p);

}  // namespace attune::kernels::cpu
