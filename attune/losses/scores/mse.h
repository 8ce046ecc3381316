// Squared error: item_i = sum_c (z_ic - y_ic)^2; denominator = sum_i u_i * width. Gradient: 2 (z - y).
//
// logits [n, width], targets.values [n, width].
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

std::unique_ptr<Loss> make_mse();

extern const LossEntry kMse;

}  // namespace attune::losses
