// The rungs of an embedding task; what they are stands in ladder.h.
#pragma once
#include "attune/train/ladder.h"

namespace attune::train {

report::Ladder climb_search(const LadderInputs& inputs);

}  // namespace attune::train
