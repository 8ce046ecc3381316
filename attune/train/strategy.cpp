#include "attune/train/strategy.h"

namespace attune::train {

PassResult forward(const MicroBatch& micro) {
  const models::ModelOutput output =
      micro.model.forward(micro.context, micro.batch.rows, micro.batch.head(), hidden_for(micro.loss));
  return {output, micro.loss.evaluate(micro.context, {.logits = output.logits,
                                                      .hidden = output.hidden,
                                                      .targets = micro.batch.targets,
                                                      .progress = micro.progress})};
}

double OnePass::run(const MicroBatch& micro) const {
  const losses::ObjectiveValue value = forward(micro).value;
  micro.loss.seed_backward(micro.context, value, micro.denominators);
  micro.context.tape->backward();
  return micro.loss.total(value, micro.denominators);
}

}  // namespace attune::train
