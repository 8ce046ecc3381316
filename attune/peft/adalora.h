// AdaLoRA: y = x W^T + b + scale (x A^T * e) B^T,  A [r, in], e [r], B [out, r], scale = alpha / r; r begins as init_r
// and sinks, over all modules together, to target_r of them on average.
//
// Source: Zhang et al. 2023, arXiv 2303.10512. A and B begin as N(0, 0.02), e as 0. What each training step adds:
//
//   orthogonality    weight * mean over all A, B of |A A^T - I|_F, |B^T B - I|_F       (PEFT's; the paper squares the
//   norms) importance       I = |w dw|;  S = beta1 S + (1 - beta1) I;  U = beta2 U + (1 - beta2) |I - S|;  s = S U (eq.
//   9-11)
//                    of a triplet: s(e_k) + mean over s(A_k.) + mean over s(B.k)                                (eq. 8)
//   budget           init_r until `start` of the training; then target + (init - target) (1 - (t - start) / (end -
//                    start))^3, and target_r from `end` on                                                      (eq.
//                    12)
//   every `interval` steps all e but those of the most important triplets become 0; from `end` on those chosen last
//
// Names: <module>.lora_A, .lora_B, .lora_E [r, 1], as PEFT's; r stays init_r in files, where e = 0 says what has gone
// (PEFT cuts those rows away and notes it as rank_pattern: they are filled up again as the file is read).
#pragma once
#include "attune/peft/method.h"

namespace attune::peft {

MethodEntry adalora_entry();

}  // namespace attune::peft
