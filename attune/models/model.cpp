#include "attune/models/model.h"

#include "attune/tensor/transfer.h"

namespace attune::models {

namespace {

peft::EncoderShape shape_of(const BertConfig& config) {
  return {.layers = config.layers, .hidden = config.hidden, .intermediate = config.intermediate, .heads = config.heads};
}

std::span<float> floats(const nn::Parameter& parameter) {
  return {parameter.value.as<float>(), static_cast<size_t>(parameter.value.count())};
}

}  // namespace

Model::Model(const BertConfig& config, const HeadOptions& head, nn::Precision precision, const ModelExtras& extras)
    : encoder_(std::make_unique<BertEncoder>(parameters_, config)),
      adapter_(extras.adapter ? std::make_unique<peft::Adapter>(extras.adapter, parameters_, shape_of(config))
                              : nullptr),
      head_(parameters_, config, head),
      precision_(std::move(precision)) {
  const size_t own = parameters_.all().size();
  if (extras.more) extras.more(parameters_);
  for (size_t i = own; i < parameters_.all().size(); ++i)
    parameters_.all()[i]->options.depth = static_cast<int>(config.layers) + 1;
  if (extras.frozen_base) train_adapter();
  parameters_.allocate(precision_, extras.memory ? *extras.memory : tensor::host_memory());
}

Model::Model(std::shared_ptr<const Model> with_encoder, const HeadOptions& head, const ModelExtras& extras)
    : lender_(with_encoder->lender_ ? with_encoder->lender_ : with_encoder),
      adapter_(extras.adapter
                   ? std::make_unique<peft::Adapter>(extras.adapter, parameters_, shape_of(with_encoder->config()))
                   : nullptr),
      head_(parameters_, with_encoder->config(), head),
      precision_(with_encoder->precision()) {
  if (extras.more) extras.more(parameters_);
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
  if (kept && std::ssize(kept->rows) >= rows.rows()) kept = nullptr;
  if (running_adapter()) return encode_adapted(context, rows, view, kept);
  if (!kept) return {run_encoder(context, rows, view, nullptr), view};
  const tensor::KeptView some = tensor::kept_view(context.arena, *kept);
  return {run_encoder(context, rows, view, &some), view, /*kept_alone=*/true};
}

EncoderStates Model::encode(Context& context, const tensor::PackedRows& rows, const tensor::KeptRows* kept,
                            std::span<const peft::AdapterRows> adapters) const {
  ATTUNE_CHECK(!context.tape && !kept_states_, "adapters of several models run together in inference alone");
  const tensor::PackedView view = tensor::packed_view(context.arena, rows);
  const peft::Pass pass{.adapters = adapters};
  if (!kept || std::ssize(kept->rows) >= rows.rows()) return {encoder().forward(context, view, nullptr, pass), view};
  const tensor::KeptView some = tensor::kept_view(context.arena, *kept);
  return {encoder().forward(context, view, &some, pass), view, /*kept_alone=*/true};
}

bool Model::shares_pass_with(const Model& other) const {
  if (&other == this) return true;
  if (&encoder() != &other.encoder()) return false;
  const peft::Adapter *own = running_adapter(), *others = other.running_adapter();
  for (const peft::Adapter* adapter : {own, others})
    if (adapter && adapter->tokens.length > 0) return false;
  const auto plain = [](const peft::Adapter* adapter, int64_t layer) {
    return !adapter ||
           (!adapter->layer(layer).at(peft::Place::intermediate) && !adapter->layer(layer).at(peft::Place::output));
  };
  for (int64_t i = 0; precision_.int8 && i < config().layers; ++i)
    if (plain(own, i) != plain(others, i)) return false;
  return true;
}

EncoderStates Model::encode_adapted(Context& context, const tensor::PackedRows& rows, const tensor::PackedView& view,
                                    const tensor::KeptRows* kept) const {
  const peft::AdapterRows own{.adapter = adapter_.get()};
  const peft::VirtualTokens& tokens = adapter_->tokens;
  peft::Pass pass{.adapters = {&own, 1}};
  if (tokens.length == 0) {
    if (!kept) return {encoder().forward(context, view, nullptr, pass), view};
    const tensor::KeptView some = tensor::kept_view(context.arena, *kept);
    return {encoder().forward(context, view, &some, pass), view, /*kept_alone=*/true};
  }
  const auto virtual_rows = std::make_shared<VirtualRows>(with_virtual_rows(context, rows, tokens.length));
  if (tokens.prefix) {
    peft::PrefixPass prefix{.table = tokens.prefix_table(context),
                            .index = virtual_rows->index,
                            .rows = virtual_rows->whole,
                            .all = all_in(context, *virtual_rows, rows),
                            .kept = {}};
    pass.prefix = &prefix;
    if (!kept) return {encoder().forward(context, virtual_rows->own, nullptr, pass), view};
    const tensor::KeptView some = tensor::kept_view(context.arena, *kept);
    prefix.kept = kept_in(context, *virtual_rows, *kept, rows, /*firsts=*/false);
    return {encoder().forward(context, virtual_rows->own, &some, pass), view, /*kept_alone=*/true};
  }
  const peft::PromptPass prompt{.table = tokens.prompt->value,
                                .rows = virtual_rows->rows,
                                .of = virtual_rows->of,
                                .positions = virtual_rows->positions,
                                .segments = virtual_rows->segments,
                                .count = virtual_rows->count};
  pass.prompt = &prompt;
  EncoderStates states{.hidden = {},
                       .rows = virtual_rows->whole,
                       .kept_alone = kept != nullptr,
                       .prompted = virtual_rows,
                       .batch = &rows};
  if (!kept) {
    states.hidden = encoder().forward(context, virtual_rows->whole, nullptr, pass);
    return states;
  }
  const tensor::KeptView some = kept_in(context, *virtual_rows, *kept, rows, reads_firsts());
  states.hidden = encoder().forward(context, virtual_rows->whole, &some, pass);
  return states;
}

HeadOutput Model::read(Context& context, const EncoderStates& states, const HeadInput& head) const {
  if (states.prompted && !states.kept_alone) {
    HeadInput input = head;
    if (!pools_sequences())
      input.rows = {rows_in(context, *states.prompted, head.rows, *states.batch, reads_firsts()), head.rows.size()};
    return head_.forward(context, states.hidden, states.rows, input);
  }
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

void Model::train_adapter() {
  for (const auto& p : parameters_.all()) p->trainable = trains_with_adapter(*p);
}

bool Model::trains_with_adapter(const nn::Parameter& p) const {
  return is_adapters(p) && !p.options.state && !p.options.made;
}

int64_t Model::adapter_parameters() const {
  int64_t count = 0;
  for (const auto& p : parameters_.all()) count += trains_with_adapter(*p) ? p->shape.count() : 0;
  return count;
}

bool Model::is_adapters(const nn::Parameter& p) const {
  ATTUNE_CHECK(adapter_ != nullptr, "a model without an adapter");
  return p.options.adapter || p.options.depth > config().layers || adapter_->method().trains(p, adapter_->shape());
}

void Model::settle_adapter(kernels::Kernels& kernels) {
  if (!adapter_ || !adapter_->tokens.maker) return;
  tensor::Arena arena(kernels.memory());
  Context context{.kernels = kernels, .arena = arena, .compute = compute()};
  context.kernels.convert({.x = adapter_->tokens.maker->make(context), .y = adapter_->tokens.prefix->value});
}

void Model::begin_adapter() {
  for (int64_t i = 0; adapter_ && i < config().layers; ++i)
    for (int place = 0; place < peft::kPlaces; ++place)
      if (peft::ProductChange* change = adapter_->layer(i).at(static_cast<peft::Place>(place)))
        change->begin_from(encoder().layer(i).product(static_cast<peft::Place>(place)));
}

void Model::merge_adapter(bool undo) {
  ATTUNE_CHECK(adapter_ && encoder_ && merged_ == undo, "there is nothing to merge, or it is merged already");
  ATTUNE_CHECK(!precision_.int8 && parameters_.memory().is_host(), "weights are merged as f32, on the host");
  const auto no_weights = [&] {
    fail(ErrorKind::usage, "an adapter of the kind '{}' is no change of weights: it cannot be merged",
         adapter_->method().name());
  };
  if (adapter_->tokens.length > 0) no_weights();
  for (int64_t i = 0; i < config().layers; ++i)
    if (adapter_->layer(i).closing) no_weights();
  for (int pass = 0; pass < 2; ++pass)  // first whether all goes
    for (int64_t i = 0; i < config().layers; ++i)
      for (int at = 0; at < peft::kPlaces; ++at) {
        const auto place = static_cast<peft::Place>(at);
        const peft::ProductChange* change = adapter_->layer(i).at(place);
        if (!change) continue;
        if (!change->merges()) no_weights();
        const nn::Linear& product = encoder_->layer(i).product(place);
        if (pass == 1) change->merge(floats(product.weight()), floats(product.bias()), undo);
      }
  merged_ = !undo;
  parameters_.refresh_twins();
}

void Model::freeze_below(int below) {
  for (const auto& p : parameters_.all()) p->trainable = p->options.depth >= below;
}

}  // namespace attune::models
