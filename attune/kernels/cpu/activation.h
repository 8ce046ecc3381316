// The CPU's activations, vectorised; x, y, dx and dy each f32 or bf16.
#pragma once
#include "attune/kernels/activation.h"

namespace attune::kernels::cpu {

void activation(int threads, const Activation& p);
void activation_backward(int threads, const ActivationBackward& p);

}  // namespace attune::kernels::cpu
