#include "attune/train/strategies/flooding.h"

namespace attune::train {

double Flooding::run(const MicroBatch& micro) const {
  const losses::ObjectiveValue value = forward(micro).value;
  const double objective = micro.loss.total(value, micro.denominators);
  losses::PerTerm<double> denominators = micro.denominators;
  if (objective < level_)
    for (size_t t = 0; t < denominators.size(); ++t) denominators[t] = -denominators[t];
  micro.loss.seed_backward(micro.context, value, denominators);
  micro.context.tape->backward();
  return objective;
}

}  // namespace attune::train
