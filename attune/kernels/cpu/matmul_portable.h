// Contract: matrix products without oneDNN, for processors where it breaks the contract on bits (below AVX-512) or has
// no fast bf16: packed panels and a register tile by Highway.
//
//   C[m, n] (+)= A'[m, k] B'[k, n] + bias[n]
//
// A and B f32 or bf16 (widened while packed), C and bias f32. Each element is one chain of fused multiply-adds over k
// in order, so its bits depend on neither its neighbours nor the threads nor how the work is cut.
#pragma once
#include "attune/kernels/cpu/matmul_products.h"
#include "attune/kernels/cpu/workspace.h"

namespace attune::kernels::cpu {

void portable_product(Workspace& scratch, const Product& product, const ProductData& data);

}  // namespace attune::kernels::cpu
