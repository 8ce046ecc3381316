// LayerNorm's gain and bias, applied to residual + dropout(x); see ops/add_norm.h.
#pragma once
#include <string>

#include "attune/nn/parameter.h"
#include "attune/ops/add_norm.h"

namespace attune::nn {

class Norm {
 public:
  Norm(Parameters& parameters, const std::string& name, int64_t size, int depth)
      : gamma_(parameters.add(name + ".weight", {size}, {.init = Init::ones, .decays = false, .depth = depth})),
        beta_(parameters.add(name + ".bias", {size}, {.init = Init::zeros, .decays = false, .depth = depth})) {}

  Tensor forward(Context& context, const Tensor& x, const Tensor& residual, const ops::AddNormOptions& options) const {
    return ops::add_norm(context, x, residual, gamma_->value, beta_->value, options);
  }

  bool trains() const { return autograd::Tape::wants(gamma_->value) || autograd::Tape::wants(beta_->value); }

 private:
  Parameter* gamma_;
  Parameter* beta_;
};

}  // namespace attune::nn
