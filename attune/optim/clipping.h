// The global norm of all gradients, and what to multiply them by so that it does not exceed a bound (Pascanu et al.
// 2013, arXiv 1211.5063, algorithm 1). Sums in f64 in a fixed order: the same bits for any thread count.
#pragma once
#include "attune/nn/parameter.h"

namespace attune::optim {

// Waits for the device. `arena`: room for the sums by parameter.
double gradient_norm(const nn::Parameters& parameters, kernels::Kernels& kernels, tensor::Arena& arena);

// min(1, bound / (norm + 1e-6)), PyTorch's; bound <= 0: no clipping.
double clip_factor(double norm, double bound);

}  // namespace attune::optim
