#include "attune/models/model.h"

namespace attune::models {

Model::Model(const BertConfig& config, const HeadOptions& head, tensor::DType compute)
    : encoder_(parameters_, config), head_(parameters_, config, head), compute_(compute) {
  parameters_.allocate(compute);
}

ModelOutput Model::forward(Context& context, const tensor::PackedRows& rows, const HeadInput& head) const {
  const Tensor hidden = encoder_.forward(context, rows);
  return {hidden, head_.forward(context, hidden, rows, head)};
}

void Model::freeze_below(int below) {
  for (const auto& p : parameters_.all()) p->trainable = p->options.depth >= below;
}

}  // namespace attune::models
