// Soft-max cross-entropy.
//
//   cost(z, y) = -log p_y,   p = softmax(z);   d cost / d z = p - onehot(y)
//
// With class weights w and label smoothing e (shared/class_loss.h): (1-e) w_y (-log p_y) + e/K sum_c w_c (-log p_c),
// over the sum of the targets' w. Both are PyTorch's. Without temperature and with hard targets it runs on the device,
// as a kernel of its own (kernels/loss.h), else as every other loss of classes. Edge: no valid item: sum 0, denominator
// 0; nothing is learned from it and the trainer says so (PyTorch's mean is NaN).
#pragma once
#include "attune/losses/entry.h"
#include "attune/losses/shared/class_loss.h"

namespace attune::losses {

std::unique_ptr<Loss> make_cross_entropy(const ClassOptions& options, const LossFacts& facts);

extern const LossEntry kCrossEntropy;

}  // namespace attune::losses
