// Contract: one optimizer update of a run of parameters, in one pass over memory.
//
// g' = clip * g, t = step (1-based), all f32 (f64); low: the bf16 copy that products read, refreshed in the same pass,
// or undefined.
//
// AdamUpdate:  g' += decay * w            if coupled (Adam with L2: Kingma & Ba 2015, arXiv 1412.6980, plus an L2
// gradient)
//              w  -= rate * decay * w     if not     (AdamW: Loshchilov & Hutter 2019, arXiv 1711.05101)
//              m = b1 m + (1 - b1) g';  v = b2 v + (1 - b2) g'^2
//              w -= rate / (1 - b1^t) * m / (sqrt(v / (1 - b2^t)) + eps)          (bias_correction false: both factors
//              are 1) As PyTorch's AdamW, the decay acts on the weights before the step.
// SgdUpdate:   g' += decay * w;  momentum > 0: m = (t == 1) ? g' : momentum m + (1 - dampening = 1) g';  d = nesterov ?
// g' + momentum m : m
//              w -= rate * d          (as PyTorch's SGD; Sutskever et al. 2013)
#pragma once
#include "attune/tensor/tensor.h"

namespace attune::kernels {

using tensor::Tensor;

struct AdamUpdate {
  Tensor w, g, m, v;  // equal counts
  Tensor low = {};    // bf16 or undefined
  double rate = 0, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, decay = 0, clip = 1;
  int64_t step = 1;
  bool coupled_decay = false;
  bool bias_correction = true;
};

struct SgdUpdate {
  Tensor w, g, m;  // m undefined where momentum is 0
  Tensor low = {};
  double rate = 0, momentum = 0, decay = 0, clip = 1;
  int64_t step = 1;
  bool nesterov = false;
};

}  // namespace attune::kernels
