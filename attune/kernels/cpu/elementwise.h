// The CPU's plain element-wise steps. Convert and Fill also know f64, in plain loops: only tests and readers of files
// need it.
#pragma once
#include "attune/kernels/cpu/workspace.h"
#include "attune/kernels/elementwise.h"

namespace attune::kernels::cpu {

void convert(int threads, const Convert& p);
void fill(int threads, const Fill& p);
void sum_squares(Workspace& workspace, int threads, const SumSquares& p);

}  // namespace attune::kernels::cpu
