#include "attune/kernels/update.h"

#include <cmath>

namespace attune::kernels {

AdamFactors adam_factors(const AdamUpdate& p) {
  const auto t = static_cast<double>(p.step);
  const double first = p.bias_correction ? 1 - std::pow(p.beta1, t) : 1;
  const double second = p.bias_correction ? 1 - std::pow(p.beta2, t) : 1;
  return {
      .shrink = p.coupled_decay ? 1 : 1 - p.rate * p.decay, .rate = p.rate / first, .unbias = 1 / std::sqrt(second)};
}

}  // namespace attune::kernels
