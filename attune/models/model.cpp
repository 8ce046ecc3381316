#include "attune/models/model.h"

#include "attune/tensor/transfer.h"

namespace attune::models {

Model::Model(const BertConfig& config, const HeadOptions& head, nn::Precision precision,
             const std::function<void(nn::Parameters&)>& more, tensor::Memory& memory)
    : encoder_(parameters_, config), head_(parameters_, config, head), precision_(precision) {
  const size_t own = parameters_.all().size();
  if (more) more(parameters_);
  for (size_t i = own; i < parameters_.all().size(); ++i)
    parameters_.all()[i]->options.depth = static_cast<int>(config.layers) + 1;
  parameters_.allocate(precision, memory);
}

bool Model::reads_all_rows(const tensor::PackedRows& rows, const HeadInput& head) const {
  return head_.pools_sequences() || !head.kept || std::ssize(head.kept->rows) >= rows.rows();
}

ModelOutput Model::forward(Context& context, const tensor::PackedRows& rows, const HeadInput& head,
                           Hidden hidden) const {
  // A training step has brought the rows that it reads up to date, whether it records or not.
  ATTUNE_CHECK(context.tape || context.training || parameters_.settled(),
               "the model is read while updates of its tables wait");
  const tensor::PackedView view = tensor::packed_view(context.arena, rows);
  if (hidden == Hidden::all_rows || reads_all_rows(rows, head)) {
    const Tensor all = encode(context, rows, view, nullptr);
    const HeadOutput read = head_.forward(context, all, view, head);
    return {all, read.features, read.logits};
  }
  const tensor::KeptView kept = tensor::kept_view(context.arena, *head.kept);
  const Tensor few = encode(context, rows, view, &kept);
  const HeadOutput read =
      head_.forward(context, few, view, {.rows = head.places, .keys = head.keys, .count = head.count});
  return {{}, read.features, read.logits};
}

Tensor Model::encode(Context& context, const tensor::PackedRows& rows, const tensor::PackedView& view,
                     const tensor::KeptView* kept) const {
  if (!kept_states_) return encoder_.forward(context, view, kept);
  const Tensor below = context.make({rows.rows(), config().hidden}, tensor::DType::f32);
  tensor::write_from_host<float>(context.arena.memory(), below, [&](std::span<float> states) {
    kept_states_->fill(rows, states.data(), [&](const tensor::PackedRows& some) {
      tensor::Arena arena(context.arena.memory());
      Context plain{.kernels = context.kernels, .arena = arena, .compute = context.compute};
      const Tensor made = encoder_.below(plain, tensor::packed_view(arena, some), kept_layers_);
      const tensor::OnHost<float> values(arena.memory(), made);
      return std::vector<float>(values.values().begin(), values.values().end());
    });
  });
  return encoder_.above(context, below, view, kept, kept_layers_);
}

void Model::keep_states_below(int64_t layers, size_t most_bytes) {
  ATTUNE_CHECK(compute() != tensor::DType::f64, "states are kept as f32");
  kept_layers_ = layers;
  kept_states_ = std::make_unique<FrozenStates>(config().hidden, most_bytes);
}

void Model::freeze_below(int below) {
  for (const auto& p : parameters_.all()) p->trainable = p->options.depth >= below;
}

}  // namespace attune::models
