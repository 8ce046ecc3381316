// The strategy that a loss asks for (losses/strategy.h).
#pragma once
#include <memory>

#include "attune/losses/strategy.h"
#include "attune/train/strategy.h"

namespace attune::train {

// One pass where the loss names none.
std::unique_ptr<Strategy> make_strategy(const losses::StrategyOptions& options);

}  // namespace attune::train
