// Adam with decoupled decay (AdamW) or with an L2 gradient; formulas in kernels/update.h.
#pragma once
#include "attune/optim/parameter_groups.h"

namespace attune::optim {

std::unique_ptr<Optimizer> make_adam(nn::Parameters& parameters, const OptimizerOptions& options, bool coupled_decay);

}  // namespace attune::optim
