#include "attune/losses/embeddings/rows.h"

#include <algorithm>

#include "attune/losses/shared/host_items.h"
#include "attune/losses/targets.h"

namespace attune::losses {

std::vector<int32_t> classes_that_count(const Targets& targets) {
  std::vector<int32_t> classes = targets.classes;
  for (size_t i = 0; i < classes.size(); ++i)
    if (targets.weight(static_cast<int64_t>(i)) == 0) classes[i] = kIgnored;
  return classes;
}

size_t others_of_class(std::span<const int32_t> classes, size_t i) {
  if (classes[i] == kIgnored) return 0;
  return static_cast<size_t>(std::count(classes.begin(), classes.end(), classes[i])) - 1;
}

LossTerm item_term(Context& context, const Targets& targets, const Tensor& items, double denominator) {
  LossTerm term{.items = items, .weights = item_weights(context, targets, items.count()), .denominator = denominator};
  term.sum = weighted_sum(context, items, term.weights, targets.items());
  return term;
}

}  // namespace attune::losses
