#include "attune/optim/clipping.h"

#include <algorithm>
#include <cmath>

namespace attune::optim {

double gradient_norm(const nn::Parameters& parameters, kernels::Kernels& kernels) {
  double squares = 0;
  for (const auto& p : parameters.all())
    if (p->trainable && p->started) squares += kernels.sum_squares({.x = p->gradient});
  return std::sqrt(squares);
}

double clip_factor(double norm, double bound) {
  return bound <= 0 ? 1.0 : std::min(1.0, bound / (norm + 1e-6));
}

}  // namespace attune::optim
