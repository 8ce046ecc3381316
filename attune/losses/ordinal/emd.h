// Squared earth mover's distance (ranked probability score): how far the answer's mass lies from the label, over
// ordered classes.
//
//   cost(z, y) = sum_{k < K-1} (P_k - [k >= y])^2,   P_k = p_0 + ... + p_k,  p = softmax(z)
//
// Denominator: class weights of the targets. Source: Hou et al. 2016, arXiv 1611.05916, equation 5 (l = 2), without its
// power and its 1/K; Epstein 1969's ranked probability score. The order is the labels' own (--labels), the steps
// between them count as equal. Bounded by K - 1, so it starts slowly: 0.5*cross_entropy + 0.5*emd trains better.
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

extern const LossEntry kEmd;

}  // namespace attune::losses
