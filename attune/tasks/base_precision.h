// What an adapter's base is held in while the adapter trains (--base-precision).
#pragma once
#include <string>

#include "attune/nn/precision.h"

namespace attune::tasks {

// The precision of a model that trains. The base of an adapter stays as it is, and is held in no more than its products
// read, or in what was asked for. Errors (usage): a --base-precision that does not go with the rest.
nn::Precision precision_to_train(tensor::DType compute, const std::string& asked, bool has_adapter);

// What it comes to on this processor, as attune.json and the plan say it: "f32", "bf16", "int8".
const char* base_held_in(const nn::Precision& precision);

}  // namespace attune::tasks
