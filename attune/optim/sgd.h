// Stochastic gradient descent, with momentum and Nesterov's look-ahead; formulas in kernels/update.h.
#pragma once
#include "attune/optim/parameter_groups.h"

namespace attune::optim {

std::unique_ptr<Optimizer> make_sgd(nn::Parameters& parameters, const OptimizerOptions& options);

}  // namespace attune::optim
