#include "attune/train/strategies/flooding.h"

namespace attune::train {

double Flooding::run(const MicroBatch& micro) const {
  const losses::ObjectiveValue value = forward(micro).value;
  const double objective = micro.loss.total(value, micro.denominators);
  micro.loss.seed_backward(micro.context, value, micro.denominators.times(objective < level_ ? -1 : 1));
  micro.context.tape->backward();
  return objective;
}

}  // namespace attune::train
