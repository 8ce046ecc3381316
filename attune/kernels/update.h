// Contract: one optimizer update of a run of parameters, in one pass over memory.
//
// g' = clip * g, t = step (1-based), all f32 (f64); low: the bf16 copy that products read, refreshed in the same pass,
// or undefined; where w has packed forms (packed_weight.h) they are refreshed in the same pass.
//
// AdamUpdate:  g' += decay * w            if coupled (Adam with L2: Kingma & Ba 2015, arXiv 1412.6980, plus an L2
// gradient)
//              w  -= rate * decay * w     if not     (AdamW: Loshchilov & Hutter 2019, arXiv 1711.05101)
//              m = b1 m + (1 - b1) g';  v = b2 v + (1 - b2) g'^2
//              w -= rate / (1 - b1^t) * m / (sqrt(v / (1 - b2^t)) + eps)          (bias_correction false: both factors
//              are 1) As PyTorch's AdamW, the decay acts on the weights before the step.
//
// AdamUpdate with `rows`: w, m, v are tables [V, C]; row i of g [n, C] is the gradient of row rows[i], no row twice;
// only those rows are updated.
//
// AdamReplay: the updates of listed rows that were left out while their gradient was 0. Row rows[i] has seen the first
// done[i] of the `updates`; the others follow in order, each
//   w = w * shrink;  m = b1 m;  v = b2 v;  w -= rate * m / (sqrt(v) * unbias + eps)
// which is AdamUpdate with g = 0, bit for bit (coupled: g' = decay * w there).
//
// SgdUpdate:   g' += decay * w;  momentum > 0: m = (t == 1) ? g' : momentum m + (1 - dampening = 1) g';  d = nesterov ?
// g' + momentum m : m
//              w -= rate * d          (as PyTorch's SGD; Sutskever et al. 2013)
#pragma once
#include <cstdint>

#include "attune/tensor/tensor.h"

namespace attune::kernels {

using tensor::Tensor;

struct AdamUpdate {
  Tensor w, g, m, v;              // equal counts, unless `rows` are given
  Tensor low = {};                // bf16 or undefined
  const int32_t* rows = nullptr;  // [rows of g], see above; nullptr: all
  double rate = 0, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, decay = 0, clip = 1;
  int64_t step = 1;
  bool coupled_decay = false;
  bool bias_correction = true;
};

// What one update multiplies by, its step's rate and corrections taken together.
struct AdamFactors {
  double shrink = 1;  // of the weight: 1 - rate * decay, or 1 where the decay is coupled
  double rate = 0;    // rate / (1 - b1^t)
  double unbias = 1;  // 1 / sqrt(1 - b2^t)
};
AdamFactors adam_factors(const AdamUpdate& update);

struct AdamReplay {
  Tensor w, m, v;                 // [V, C]
  const int32_t* rows = nullptr;  // [count]
  const int32_t* done = nullptr;  // [count] how many of the updates each row has seen
  int64_t count = 0;
  const AdamFactors* updates = nullptr;  // [updates_count]
  int64_t updates_count = 0;
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
  double coupled_decay = 0;
};

struct SgdUpdate {
  Tensor w, g, m;  // m undefined where momentum is 0
  Tensor low = {};
  double rate = 0, momentum = 0, decay = 0, clip = 1;
  int64_t step = 1;
  bool nesterov = false;
};

}  // namespace attune::kernels
