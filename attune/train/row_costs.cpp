#include "attune/train/row_costs.h"

#include "attune/losses/shared/host_items.h"

namespace attune::train {

void add_row_costs(const losses::Objective& loss, const losses::ObjectiveValue& value, autograd::Context& context,
                   const losses::LossInput& input, std::vector<RowCost>& costs) {
  const losses::Targets& targets = input.targets;
  std::vector<double> items(static_cast<size_t>(targets.items()));
  for (size_t t = 0; t < value.terms.size(); ++t) {
    const losses::LossTerm& term = value.terms[t];
    const losses::Loss* held = loss.terms()[t].at(input.progress);
    if (!held || held->depends_on_batch()) continue;
    const double weight = loss.terms()[t].weight_at(input.progress);
    const std::vector<double> own = losses::rows_on_host(context, term.items, term.items.rows());
    const std::vector<int32_t> first = held->first_items(targets);
    for (size_t i = 0; i < (first.empty() ? items.size() : first.size()); ++i)
      items[first.empty() ? i : static_cast<size_t>(first[i])] += weight * own[i];
  }
  for (size_t i = 0; i < items.size(); ++i) {
    const int32_t row = targets.examples[i];
    if (i == 0 || targets.examples[i - 1] != row) costs.push_back({row, 0});
    costs.back().cost += items[i];
  }
}

}  // namespace attune::train
