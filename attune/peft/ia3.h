// IA3: what a product makes, or what it reads, is scaled column by column.
//
//   y = l * (x W^T + b),  l [out]        at targets
//   y = (l * x) W^T + b,  l [in]         at those of them that are feed-forward
//
// l begins at 1. Source: Liu et al. 2022, arXiv 2205.05638 (keys, values, and the feed-forward's inner states, which
// the last product reads). Targets and feed-forward ones are PEFT's for BERT: "output.dense" means the attention's too.
// Names: <module>.ia3_l, [out, 1] or [1, in] in files, as PEFT's.
#pragma once
#include "attune/peft/method.h"

namespace attune::peft {

MethodEntry ia3_entry();

}  // namespace attune::peft
