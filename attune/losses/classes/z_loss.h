// The square of the log-normaliser: keeps logits from drifting. A term beside another loss, as in
// cross_entropy + 0.0001*z_loss.
//
//   cost(z, y) = (log sum_c exp z_c)^2;   d cost / d z_k = 2 log Z p_k
//
// Denominator: class weights of the targets. Source: Chowdhery et al. 2022 (PaLM), arXiv 2204.02311, section 5 (weight
// 1e-4); Zoph et al. 2022, arXiv 2202.08906, equation 5. Alone it teaches no label.
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

extern const LossEntry kZLoss;

}  // namespace attune::losses
