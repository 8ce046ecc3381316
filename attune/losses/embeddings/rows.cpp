#include "attune/losses/embeddings/rows.h"

#include "attune/losses/shared/host_items.h"
#include "attune/losses/targets.h"

namespace attune::losses {

LossTerm item_term(Context& context, const Targets& targets, const Tensor& items, double denominator) {
  LossTerm term{.items = items, .weights = item_weights(context, targets, items.count()), .denominator = denominator};
  term.sum = weighted_sum(context, items, term.weights, targets.items());
  return term;
}

}  // namespace attune::losses
