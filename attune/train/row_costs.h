// What each row of a step cost, as training saw it: with dropout, all terms of the loss with their weights, before any
// denominator. For finding rows that are hard, or labelled wrong.
#pragma once
#include <vector>

#include "attune/losses/objective.h"

namespace attune::train {

struct RowCost {
  int32_t row;  // of the training split
  double cost;  // of all its items (tagging: words) together
};

// Adds those of a micro-batch, one a row, in the order of its items. Terms whose items depend on their company have no
// cost by row and are left out. Waits for the device.
void add_row_costs(const losses::Objective& loss, const losses::ObjectiveValue& value, autograd::Context& context,
                   const losses::LossInput& input, std::vector<RowCost>& costs);

}  // namespace attune::train
