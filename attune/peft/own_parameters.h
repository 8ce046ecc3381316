// Methods that add nothing and train a few of the encoder's own parameters, the others being frozen.
//
// bitfit         biases alone, those of norms too. Source: Ben Zaken, Goldberg, Ravfogel 2021, arXiv 2106.10199.
// last_layers    all of the upper k layers. Source: Lee, Tang, Lin 2019, arXiv 1911.03090 (a quarter of the layers
// gives
//                90% of the quality); k = 2.
//
// PEFT has no such kinds. What is trained stands in the adapter's file under the encoder's own names.
#pragma once
#include "attune/peft/method.h"

namespace attune::peft {

MethodEntry bitfit_entry();
MethodEntry last_layers_entry();

}  // namespace attune::peft
