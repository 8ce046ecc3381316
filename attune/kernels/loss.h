// Contract: the losses that have kernels of their own. Each works from logits z in f32 (f64), returns a weighted value
// per item and never a mean; the gradient is seed times that of the items' sum. n items, K classes or outputs.
//
// SoftmaxCrossEntropy, target y_i in [0, K) or `ignored`, weight w (class weights, 1 where undefined), smoothing e:
//   item_i = u_i * [ (1-e) w_y (L_i - z_iy) + e/K sum_c w_c (L_i - z_ic) ],   L_i = log sum_c exp z_ic (maximum taken
//   out) dz_ic = seed u_i [ (softmax_ic) ((1-e) w_y + e/K sum_c' w_c') - (1-e) w_y [c = y] - e/K w_c ] u_i: item
//   weights, 1 where undefined. Ignored items: item 0, gradient row 0. (As PyTorch's cross_entropy, whose mean divides
//   by sum_i w_y_i.)
//
// SigmoidCrossEntropy, targets y_ic in [0, 1], positive weights q_c (1 where undefined):
//   item_i = u_i sum_c [ q_c y_ic softplus(-z_ic) + (1 - y_ic) softplus(z_ic) ],  softplus(x) = max(x, 0) +
//   log1p(exp(-|x|)) dz_ic = seed u_i [ sigmoid(z_ic) (1 - y_ic) - q_c y_ic (1 - sigmoid(z_ic)) ] y_ic < 0 means: label
//   c of item i is unknown; it adds nothing.
//
// SquaredError: item_i = u_i sum_c (z_ic - y_ic)^2;  dz_ic = seed u_i 2 (z_ic - y_ic)
//
// Extremes: finite results for |z| up to 1e30 (squared error: while the square is finite, 1.8e19 in f32); an infinite
// or NaN logit gives a non-finite item (the trainer stops on it).
#pragma once
#include "attune/tensor/tensor.h"

namespace attune::kernels {

using tensor::Tensor;

struct LossItems {
  Tensor logits;             // [n, K]
  Tensor item_weights = {};  // [n] or undefined
  Tensor items;              // out [n] (forward)
  double seed = 1;           // backward
  Tensor d_logits;           // out [n, K] (backward)
};

struct SoftmaxCrossEntropy : LossItems {
  const int32_t* targets = nullptr;  // [n]
  int32_t ignored = -100;
  Tensor class_weights = {};  // [K] or undefined
  double smoothing = 0;       // in [0, 1)
};

struct SigmoidCrossEntropy : LossItems {
  Tensor targets;                // [n, K]
  Tensor positive_weights = {};  // [K] or undefined
};

struct SquaredError : LossItems {
  Tensor targets;  // [n, K]
};

}  // namespace attune::kernels
