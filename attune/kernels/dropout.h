// Contract: dropout, keyed.
//
//   y[r, c] = keep(r, c) ? x[r, c] / (1 - p) : 0
//   keep(r, c) = random_bits(mix_key(site, row_keys[r]), c) >= round(p * 2^32)
//
// x, y [N, C] of f32, bf16 or f64. Nothing is stored: backward draws again from the same key, so
// dx[r, c] = keep(r, c) ? dy[r, c] / (1 - p) : 0. p = 0 copies. Srivastava et al. 2014 (inverted form).
#pragma once
#include <cstdint>

#include "attune/base/rng.h"
#include "attune/tensor/tensor.h"

namespace attune::kernels {

using tensor::Tensor;

struct DropoutKeys {
  float p = 0;                         // probability to drop, in [0, 1)
  uint64_t site = 0;                   // seed, step, stream and pass, mixed
  const uint64_t* row_keys = nullptr;  // [N]

  bool active() const { return p > 0; }
  float scale() const { return 1.0f / (1.0f - p); }
  uint32_t threshold() const { return static_cast<uint32_t>(static_cast<double>(p) * 4294967296.0 + 0.5); }
};

struct Dropout {
  Tensor x;  // in backward: dy
  Tensor y;  // in backward: dx; may be x
  DropoutKeys keys;
  bool accumulate = false;  // y += instead of y =
};

}  // namespace attune::kernels
