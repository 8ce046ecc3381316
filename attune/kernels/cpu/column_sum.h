// The CPU's column sums (gradients of biases); x f32 or bf16.
#pragma once
#include "attune/kernels/cpu/workspace.h"
#include "attune/kernels/matmul.h"

namespace attune::kernels::cpu {

void column_sum(Workspace& workspace, int threads, const ColumnSum& p);

}  // namespace attune::kernels::cpu
