#include "attune/models/model.h"

#include "attune/tensor/transfer.h"

namespace attune::models {

Model::Model(const BertConfig& config, const HeadOptions& head, nn::Precision precision,
             const std::function<void(nn::Parameters&)>& more, tensor::Memory& memory)
    : encoder_(std::make_unique<BertEncoder>(parameters_, config)),
      head_(parameters_, config, head),
      precision_(std::move(precision)) {
  const size_t own = parameters_.all().size();
  if (more) more(parameters_);
  for (size_t i = own; i < parameters_.all().size(); ++i)
    parameters_.all()[i]->options.depth = static_cast<int>(config.layers) + 1;
  parameters_.allocate(precision_, memory);
}

Model::Model(std::shared_ptr<const Model> with_encoder, const HeadOptions& head,
             const std::function<void(nn::Parameters&)>& more)
    : lender_(with_encoder->lender_ ? with_encoder->lender_ : with_encoder),
      head_(parameters_, with_encoder->config(), head),
      precision_(with_encoder->precision()) {
  if (more) more(parameters_);
  parameters_.allocate(precision_, with_encoder->parameters().memory());
}

EncoderStates EncoderStates::of_sequences(int64_t first, int64_t count) const {
  EncoderStates part = *this;
  part.rows.offsets += first, part.rows.sequences = count;
  return part;
}

EncoderStates Model::encode(Context& context, const tensor::PackedRows& rows, const tensor::KeptRows* kept) const {
  // A training step has brought the rows that it reads up to date, whether it records or not.
  ATTUNE_CHECK(context.tape || context.training || parameters_.settled(),
               "the model is read while updates of its tables wait");
  const tensor::PackedView view = tensor::packed_view(context.arena, rows);
  if (!kept || std::ssize(kept->rows) >= rows.rows()) return {run_encoder(context, rows, view, nullptr), view};
  const tensor::KeptView some = tensor::kept_view(context.arena, *kept);
  return {run_encoder(context, rows, view, &some), view, /*kept_alone=*/true};
}

HeadOutput Model::read(Context& context, const EncoderStates& states, const HeadInput& head) const {
  if (!states.kept_alone) return head_.forward(context, states.hidden, states.rows, head);
  ATTUNE_CHECK(!pools_sequences(), "a head that pools sequences reads all of their rows");
  return head_.forward(context, states.hidden, states.rows,
                       {.rows = head.places, .keys = head.keys, .count = head.count});
}

ModelOutput Model::forward(Context& context, const tensor::PackedRows& rows, const HeadInput& head,
                           Hidden hidden) const {
  const bool all = hidden == Hidden::all_rows || pools_sequences();
  const EncoderStates states = encode(context, rows, all ? nullptr : head.kept);
  const HeadOutput output = read(context, states, head);
  return {states.kept_alone ? Tensor() : states.hidden, output.features, output.logits};
}

Tensor Model::run_encoder(Context& context, const tensor::PackedRows& rows, const tensor::PackedView& view,
                          const tensor::KeptView* kept) const {
  if (!kept_states_) return encoder().forward(context, view, kept);
  const Tensor below = context.make({rows.rows(), config().hidden}, tensor::DType::f32);
  tensor::write_from_host<float>(context.arena.memory(), below, [&](std::span<float> states) {
    kept_states_->fill(rows, states.data(), [&](const tensor::PackedRows& some) {
      tensor::Arena arena(context.arena.memory());
      Context plain{.kernels = context.kernels, .arena = arena, .compute = context.compute};
      const Tensor made = encoder().below(plain, tensor::packed_view(arena, some), kept_layers_);
      const tensor::OnHost<float> values(arena.memory(), made);
      return std::vector<float>(values.values().begin(), values.values().end());
    });
  });
  return encoder().above(context, below, view, kept, kept_layers_);
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
