// y = f(x) element by element, f one of gelu, gelu_tanh, relu, tanh; contract in kernels/activation.h. y has x's dtype.
#pragma once
#include "attune/autograd/context.h"

namespace attune::ops {

using autograd::Context;
using autograd::Tape;
using kernels::ActivationKind;
using tensor::Tensor;

Tensor activation(Context& context, ActivationKind kind, const Tensor& x);

}  // namespace attune::ops
