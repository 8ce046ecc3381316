// The CPU's layer normalisation: one pass over memory each way; dropout masks are drawn again, not stored.
#pragma once
#include "attune/kernels/cpu/workspace.h"
#include "attune/kernels/layer_norm.h"

namespace attune::kernels::cpu {

void layer_norm(int threads, const LayerNorm& p);
void layer_norm_backward(Workspace& workspace, int threads, const LayerNormBackward& p);

}  // namespace attune::kernels::cpu
