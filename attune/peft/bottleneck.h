// Bottleneck adapters: z + scale (f(z D^T + d) U^T + u),  D [s, C], U [C, s], s = hidden / reduction.
//
// houlsby   after the attention's and the feed-forward's last product, before the residual sum: z is the product.
//           Source: Houlsby et al. 2019, arXiv 1902.00751, section 2.1. (AdapterHub: double_seq_bn.)
// pfeiffer  in the feed-forward's half alone: y the product after dropout, x the residual,
//             z = LayerNorm(y + x),  y' = y + scale (f(z D^T + d) U^T + u),  out = LayerNorm(y' + x)
//           Source: Pfeiffer et al. 2020, arXiv 2005.00247, section 3.2 and figure 5. (AdapterHub: seq_bn.)
//
// An activation f of relu (AdapterHub's for seq_bn), gelu, tanh, silu ("swish", its for double_seq_bn).
//
// D begins as N(0, 0.02), U as zeros, biases as zeros: the adapter begins as the identity. (Houlsby: both nearly zero;
// AdapterHub: both N(0, 0.02).) Names as AdapterHub's, of an adapter called "attune":
//   <layer>.attention.output.adapters.attune.adapter_down.0.weight, ....adapter_up.weight, and <layer>.output....
#pragma once
#include "attune/peft/method.h"

namespace attune::peft {

MethodEntry bottleneck_entry();

}  // namespace attune::peft
