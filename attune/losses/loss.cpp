#include "attune/losses/loss.h"

namespace attune::losses {

void seed_backward(Context& context, const LossTerm& term, double weight_over_denominator) {
  if (!context.records(term.items)) return;
  const Tensor seed = context.make(term.items.shape, term.items.dtype);
  context.kernels.convert({.x = term.weights, .y = seed, .scale = weight_over_denominator});
  context.tape->seed(term.items, seed);
}

}  // namespace attune::losses
