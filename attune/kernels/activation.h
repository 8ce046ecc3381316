// Contract: element-wise activations y = f(x), and dx = dy * f'(x) from the saved x.
//
//   gelu       x/2 (1 + erf(x / sqrt 2))                               Hendrycks & Gimpel 2016, arXiv 1606.08415
//   gelu_tanh  x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))           same, "gelu_new" in Hugging Face configs
//   relu       max(x, 0), derivative 0 at 0
//   tanh
//   silu       x / (1 + exp(-x)), "swish" in Hugging Face configs      Elfwing et al. 2017, arXiv 1702.03118
//
// x, y f32, bf16 or f64, same shape; computed in f32 (f64). NaN stays NaN.
#pragma once
#include "attune/tensor/tensor.h"

namespace attune::kernels {

using tensor::Tensor;

enum class ActivationKind { gelu, gelu_tanh, relu, tanh, silu };
inline constexpr int kActivationKinds = 5;

struct Activation {
  ActivationKind kind;
  Tensor x;
  Tensor y;  // out; may be x
};

struct ActivationBackward {
  ActivationKind kind;
  Tensor x, dy;
  Tensor dx;  // out; may be dy
};

}  // namespace attune::kernels
