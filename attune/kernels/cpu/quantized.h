// Contract: the CPU's products of bytes (kernels/quantized.h). Errors (internal): shapes and dtypes outside the
// contract.
#pragma once
#include "attune/kernels/cpu/int8_tile.h"
#include "attune/kernels/cpu/workspace.h"

namespace attune::kernels::cpu {

void quantize_rows(int threads, const QuantizeRows& p);
void quantized_matmul(Workspace& workspace, int threads, const QuantizedMatmul& p, const Int8Path& path = int8_path());

}  // namespace attune::kernels::cpu
