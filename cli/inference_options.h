// The options of attune/train/inference_options.h, by the name that commands know.
#pragma once
#include "attune/train/inference_options.h"

namespace attune::cli {

using train::InferenceOptions;

}  // namespace attune::cli
