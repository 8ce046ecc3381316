// LoRA: y = x W^T + b + scale (drop(x) A^T) B^T,  A [r, in], B [out, r], scale = alpha / r.
//
// Source: Hu et al. 2021, arXiv 2106.09685. A starts from U(-1/sqrt(in), 1/sqrt(in)) as in PEFT (the paper: a
// Gaussian), B from zeros. Rank-stabilised: scale = alpha / sqrt(r), Kalajdzievski 2023, arXiv 2312.03732.
//
// DoRA: y = g (x (W + scale B A)^T) + b,  g = m / |W + scale B A| by row, m [out] begins as |W| by row. Source: Liu et
// al. 2024, arXiv 2402.09353; the lengths count as constants in the gradient (its section 4.3), as in PEFT. Here x is
// the same on both sides, so dropout is refused together with it (PEFT drops x for the update alone). The lengths come
// from |W|^2, which is read once, and from A W^T, which the product makes: W may be held in any form, bytes too. Where
// nothing trains g is made once.
//
// Names: <module>.lora_A.weight, .lora_B.weight, .lora_magnitude_vector, as PEFT's.
#pragma once
#include "attune/peft/method.h"

namespace attune::peft {

MethodEntry lora_entry();

}  // namespace attune::peft
