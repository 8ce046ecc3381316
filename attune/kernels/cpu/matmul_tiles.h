// Contract: the products of matmul_dot.h on AMX's tiles (TDPBF16PS: 16 x 16 sums of 32 products of bf16 at once), from
// the same packed weights.
//
// Each element is one chain over steps of 32 k in order, to which the bias or what was there is added at the end; rows
// of a weight gradient are filled up with zeros to whole steps. Neither the rows in company nor the threads show in the
// bits. They are other bits than matmul_dot's: within a step the processor adds up even and odd k apart. Source: Intel
// Architecture Instruction Set Extensions Programming Reference, chapter on AMX.
#pragma once
#include "attune/kernels/cpu/matmul_dot.h"

namespace attune::kernels::cpu {

// Whether the processor has tiles for bf16, the system lets this process use them, and ATTUNE_MAX_ISA leaves them to
// us.
bool tiles_bf16();

void tile_product(int threads, const DotProduct& product);  // k a multiple of 64
void tile_gradient(Workspace& workspace, int threads, const DotGradient& gradient);

}  // namespace attune::kernels::cpu
