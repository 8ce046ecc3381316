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
  const losses::LossTerm term = forward(micro).term;
  losses::seed_backward(micro.context, term, 1.0 / micro.denominator);
  micro.context.tape->backward();
  return term.sum;
}

}  // namespace attune::train
