#include "attune/models/model.h"

namespace attune::models {

Model::Model(const BertConfig& config, const HeadOptions& head, tensor::DType compute,
             const std::function<void(nn::Parameters&)>& more)
    : encoder_(parameters_, config), head_(parameters_, config, head), compute_(compute) {
  const size_t own = parameters_.all().size();
  if (more) more(parameters_);
  for (size_t i = own; i < parameters_.all().size(); ++i)
    parameters_.all()[i]->options.depth = static_cast<int>(config.layers) + 1;
  parameters_.allocate(compute);
}

ModelOutput Model::forward(Context& context, const tensor::PackedRows& rows, const HeadInput& head) const {
  const Tensor hidden = encoder_.forward(context, rows);
  const HeadOutput read = head_.forward(context, hidden, rows, head);
  return {hidden, read.features, read.logits};
}

void Model::freeze_below(int below) {
  for (const auto& p : parameters_.all()) p->trainable = p->options.depth >= below;
}

}  // namespace attune::models
