#include "attune/train/strategy.h"

namespace attune::train {

PassResult forward(const MicroBatch& micro) {
  const models::ModelOutput output =
      micro.model.forward(micro.context, micro.batch.rows, micro.batch.head(), hidden_for(micro.loss));
  const losses::LossInput input{.logits = output.logits,
                                .hidden = output.hidden,
                                .features = output.features,
                                .targets = micro.batch.targets,
                                .progress = micro.progress};
  const losses::ObjectiveValue value = micro.loss.evaluate(micro.context, input);
  if (micro.output && micro.context.random.pass == 0) *micro.output = output;
  if (micro.costs && micro.context.random.pass == 0)
    add_row_costs(micro.loss, value, micro.context, input, *micro.costs);
  return {output, value};
}

double one_pass(const MicroBatch& micro) {
  const losses::ObjectiveValue value = forward(micro).value;
  micro.loss.seed_backward(micro.context, value, micro.denominators);
  micro.context.tape->backward();
  return micro.loss.total(value, micro.denominators);
}

}  // namespace attune::train
