// The global norm of all gradients, and what to multiply them by so that it does not exceed a bound (Pascanu et al.
// 2013, arXiv 1211.5063, algorithm 1). Sums in f64 in a fixed order: the same bits for any thread count.
#pragma once
#include "attune/nn/parameter.h"

namespace attune::optim {

// Of the gradients that arrived. Squares that were summed as a gradient was written are not summed again. Waits for the
// device.
double gradient_norm(const nn::Parameters& parameters, kernels::Kernels& kernels);

// min(1, bound / (norm + 1e-6)), PyTorch's; bound <= 0: no clipping.
double clip_factor(double norm, double bound);

}  // namespace attune::optim
