#pragma once
#include "attune/kernels/normalize.h"

namespace attune::kernels::cpu {

void normalize_rows(int threads, const NormalizeRows& p);
void normalize_rows_backward(int threads, const NormalizeRowsBackward& p);

}  // namespace attune::kernels::cpu
