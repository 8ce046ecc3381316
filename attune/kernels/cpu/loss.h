// The CPU's losses, f32. Targets are checked: a class outside [0, K) that is not `ignored` is an internal error.
#pragma once
#include "attune/kernels/loss.h"

namespace attune::kernels::cpu {

void softmax_cross_entropy(int threads, const SoftmaxCrossEntropy& p);
void softmax_cross_entropy_backward(int threads, const SoftmaxCrossEntropy& p);
void sigmoid_cross_entropy(int threads, const SigmoidCrossEntropy& p);
void sigmoid_cross_entropy_backward(int threads, const SigmoidCrossEntropy& p);
void squared_error(int threads, const SquaredError& p);
void squared_error_backward(int threads, const SquaredError& p);

}  // namespace attune::kernels::cpu
