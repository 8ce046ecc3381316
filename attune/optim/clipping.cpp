#include "attune/optim/clipping.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "attune/tensor/transfer.h"

namespace attune::optim {

double gradient_norm(const nn::Parameters& parameters, kernels::Kernels& kernels, tensor::Arena& arena) {
  const auto counts = [](const nn::Parameter& p) { return p.trainable && p.started; };
  int64_t parts = 0;
  for (const auto& p : parameters.all()) parts += counts(*p);
  const tensor::Tensor squares = arena.tensor({parts, 1}, tensor::DType::f64);
  int64_t part = 0;
  for (const auto& p : parameters.all())
    if (counts(*p)) kernels.sum_squares({.x = p->gradient, .out = squares.slice_rows(part, part + 1)}), ++part;
  const tensor::OnHost<double> by_parameter(arena.memory(), squares);
  return std::sqrt(std::accumulate(by_parameter.values().begin(), by_parameter.values().end(), 0.0));
}

double clip_factor(double norm, double bound) {
  return bound <= 0 ? 1.0 : std::min(1.0, bound / (norm + 1e-6));
}

}  // namespace attune::optim
