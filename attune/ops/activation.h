// y = f(x) element by element, f one of gelu, gelu_tanh, relu, tanh; contract in kernels/activation.h. y has x's dtype.
//
// last_use: nobody reads x afterwards; where nothing is recorded y then takes its place.
#pragma once
#include "attune/autograd/context.h"

namespace attune::ops {

using autograd::Context;
using autograd::Tape;
using kernels::ActivationKind;
using tensor::Tensor;

Tensor activation(Context& context, ActivationKind kind, const Tensor& x, bool last_use = false);

}  // namespace attune::ops
