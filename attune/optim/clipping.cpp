#include "attune/optim/clipping.h"

#include <algorithm>
#include <cmath>

#include "attune/tensor/transfer.h"

namespace attune::optim {

double gradient_norm(const nn::Parameters& parameters, kernels::Kernels& kernels) {
  const auto counts = [](const nn::Parameter& p) { return p.trainable && p.state.started; };
  for (const auto& p : parameters.all())
    if (counts(*p) && !p->state.squared) kernels.sum_squares({.x = p->gradient, .out = p->squares});
  const tensor::OnHost<double> squares(parameters.memory(), parameters.squares());
  double sum = 0;
  for (size_t i = 0; i < parameters.all().size(); ++i)
    if (counts(*parameters.all()[i])) sum += squares.values()[i];
  return std::sqrt(sum);
}

double clip_factor(double norm, double bound) {
  return bound <= 0 ? 1.0 : std::min(1.0, bound / (norm + 1e-6));
}

}  // namespace attune::optim
