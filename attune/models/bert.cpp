#include "attune/models/bert.h"

#include <array>
#include <utility>

#include "attune/models/streams.h"
#include "attune/ops/activation.h"
#include "attune/ops/attention.h"
#include "attune/ops/dropout.h"
#include "attune/ops/embedding.h"
#include "attune/ops/prefix.h"
#include "attune/ops/select_rows.h"

namespace attune::models {
namespace {

std::string layer_name(int64_t index) {
  return "encoder.layer." + std::to_string(index);
}

std::unique_ptr<nn::Linear> linear(nn::Parameters& parameters, const std::string& name, int64_t in, int64_t out,
                                   int depth, std::vector<nn::Piece> pieces = {}) {
  return std::make_unique<nn::Linear>(
      parameters, name,
      nn::Linear::Options{.in = in, .out = out, .depth = depth, .pieces = std::move(pieces), .int8 = true});
}

nn::Parameter* table(nn::Parameters& parameters, const char* name, int64_t rows, int64_t columns,
                     nn::ParameterOptions options = {}) {
  return parameters.add(std::string("embeddings.") + name + ".weight", {rows, columns}, std::move(options));
}

}  // namespace

std::string part_name(int depth) {
  return depth == 0 ? "embeddings" : layer_name(depth - 1);
}

BertLayer::BertLayer(nn::Parameters& p, const BertConfig& config, int64_t index)
    : index_(index),
      config_(config),
      stream_(layer_stream(index)),
      query_key_value_(linear(p, layer_name(index) + ".attention.self.query_key_value", config.hidden,
                              3 * config.hidden, static_cast<int>(index) + 1,
                              {{layer_name(index) + ".attention.self.query", 0, config.hidden},
                               {layer_name(index) + ".attention.self.key", config.hidden, 2 * config.hidden},
                               {layer_name(index) + ".attention.self.value", 2 * config.hidden, 3 * config.hidden}})),
      attention_output_(linear(p, layer_name(index) + ".attention.output.dense", config.hidden, config.hidden,
                               static_cast<int>(index) + 1)),
      intermediate_(linear(p, layer_name(index) + ".intermediate.dense", config.hidden, config.intermediate,
                           static_cast<int>(index) + 1)),
      output_(linear(p, layer_name(index) + ".output.dense", config.intermediate, config.hidden,
                     static_cast<int>(index) + 1)),
      attention_norm_(p, layer_name(index) + ".attention.output.LayerNorm", config.hidden, static_cast<int>(index) + 1),
      output_norm_(p, layer_name(index) + ".output.LayerNorm", config.hidden, static_cast<int>(index) + 1) {}

// What a recording's backward reads lies in the context's arena; the rest passes (Context::passing): what the last
// products of both halves make, for norms keep their sums; a norm's f32 result where products read its bf16 twin; and
// inputs of products whose weights are frozen.
Tensor BertLayer::forward(Context& context, const Tensor& hidden, const tensor::PackedView& rows,
                          const tensor::KeptView* kept, const Tensor& into, const peft::Pass& pass,
                          const BertLayer* next) const {
  using peft::Place;
  const uint64_t* const keys = kept ? kept->keys : rows.keys;
  const bool some = kept != nullptr;
  const auto norm = [&](Site site) {
    return ops::AddNormOptions{.eps = config_.norm_eps,
                               .dropout = config_.hidden_dropout,
                               .stream = stream_ + static_cast<uint64_t>(site),
                               .row_keys = keys};
  };
  autograd::Passing* const passing = context.tape ? context.passing : nullptr;
  tensor::Arena* const result_in = passing ? &passing->results[static_cast<size_t>(index_ % 2)] : nullptr;
  if (passing) passing->brief.reset(), passing->half.reset(), result_in->reset();
  Context brief = context.in(passing ? passing->brief : context.arena);
  const auto output_of = [&](Place place) -> Context& {
    return peft::reads_output(pass.adapters, index_, place) ? context : brief;
  };
  const auto lies = [&](ops::AddNormOptions& options, tensor::Arena* where, bool is_read) {
    if (!is_read || context.compute == tensor::DType::bf16) options.y_in = where;
    if (!is_read) options.twin_in = where;
  };

  const Tensor qkv = adapted(context, context, Place::query_key_value, hidden, pass, rows.keys, false);
  const Tensor mixed = attend(context, qkv, rows, kept, pass);
  const Tensor attended =
      adapted(context, output_of(Place::attention_output), Place::attention_output, mixed, pass, keys, some);
  const Tensor asking = kept ? ops::gather_rows(context, hidden, kept->rows, kept->count) : hidden;
  ops::AddNormOptions inside = norm(Site::attention_output), closing = norm(Site::output);
  inside.bytes = intermediate_->reads_bytes();
  lies(inside, passing ? &passing->half : nullptr, input_is_read(Place::intermediate, pass));
  const Tensor middle = attention_norm_.forward(context, attended, asking, inside);
  if (passing) passing->brief.reset();

  const bool plain = !context.tape && !peft::changes(pass.adapters, index_, Place::intermediate) &&
                     !peft::changes(pass.adapters, index_, Place::output);
  const Tensor inner = plain ? intermediate_->activated(context, config_.activation, middle)
                             : ops::activation(input_is_read(Place::output, pass) ? context : brief, config_.activation,
                                               adapted(context, context, Place::intermediate, middle, pass, keys, some),
                                               /*last_use=*/true);
  const bool ends_otherwise = peft::changes_closing(pass.adapters, index_);
  const Tensor outer =
      adapted(context, ends_otherwise ? context : output_of(Place::output), Place::output, inner, pass, keys, some);
  if (ends_otherwise) return close_adapted(context, outer, middle, closing, into, pass, some);
  closing.into = into;
  if (next) lies(closing, result_in, next->input_is_read(Place::query_key_value, pass));
  return output_norm_.forward(context, outer, middle, closing);
}

Tensor BertLayer::close_adapted(Context& context, const Tensor& outer, const Tensor& middle,
                                const ops::AddNormOptions& closing, const Tensor& into, const peft::Pass& pass,
                                bool kept) const {
  const Tensor dropped =
      ops::dropout(context, outer, {.p = closing.dropout, .stream = closing.stream, .row_keys = closing.row_keys});
  ops::AddNormOptions norm{.eps = closing.eps};
  const Tensor once = output_norm_.forward(context, dropped, middle, norm);
  norm.into = into;
  return output_norm_.forward(context, peft::adapted_closing(context, dropped, once, pass.adapters, index_, kept),
                              middle, norm);
}

Tensor BertLayer::attend(Context& context, const Tensor& qkv, const tensor::PackedView& rows,
                         const tensor::KeptView* kept, const peft::Pass& pass) const {
  ops::AttentionOptions options{.heads = config_.heads,
                                .dropout = config_.attention_dropout,
                                .stream = stream_ + static_cast<uint64_t>(Site::attention),
                                .kept = kept};
  if (!pass.prefix) return ops::attention(context, qkv, rows, options);
  const peft::PrefixPass& prefix = *pass.prefix;
  options.kept = kept ? &prefix.kept : &prefix.all;
  const Tensor with_prefix =
      ops::insert_prefix(context, qkv, prefix.table, index_ * 2 * config_.hidden, prefix.index, prefix.rows.rows);
  return ops::attention(context, with_prefix, prefix.rows, options);
}

Tensor BertLayer::adapted(Context& context, Context& made_in, peft::Place place, const Tensor& x,
                          const peft::Pass& pass, const uint64_t* row_keys, bool kept) const {
  const uint64_t site = static_cast<uint64_t>(Site::adapter) + static_cast<uint64_t>(place);
  return peft::adapted_product(
      context, made_in, product(place), x, pass.adapters,
      {.layer = index_, .place = place, .draws = {.stream = stream_ + site, .row_keys = row_keys}, .kept = kept});
}

BertEncoder::BertEncoder(nn::Parameters& p, const BertConfig& config)
    : config_(config),
      words_(table(p, "word_embeddings", config.vocabulary, config.hidden, {.read_by_rows = true, .int8 = true})),
      positions_(table(p, "position_embeddings", config.positions, config.hidden)),
      segments_(table(p, "token_type_embeddings", config.segments, config.hidden)),
      embedding_norm_(p, "embeddings.LayerNorm", config.hidden, 0) {
  for (int64_t i = 0; i < config_.layers; ++i) layers_.push_back(std::make_unique<BertLayer>(p, config_, i));
}

Tensor BertEncoder::embed(Context& context, const tensor::PackedView& rows, const peft::Pass& pass) const {
  ATTUNE_CHECK(!words_->by_rows || !context.tape || context.slots, "a step that does not say which words it reads");
  if (words_->in_file) words_->in_file->put_rows(*words_, {rows.ids, static_cast<size_t>(rows.rows)});
  const std::array<ops::EmbeddingLookup, 3> lookups{
      {{words_->value, rows.ids, words_->by_rows ? context.slots : nullptr},
       {positions_->value, rows.positions},
       {segments_->value, rows.segments}}};
  // Where nothing trains here no backward comes this far, and the first layer keeps what it reads.
  const bool frozen = !context.records(words_->value, positions_->value, segments_->value) &&
                      !embedding_norm_.trains() && !context.nudge && !pass.prompt;
  const bool passes = context.tape && context.passing && frozen && context.training && config_.hidden_dropout > 0;
  if (passes) context.passing->brief.reset();
  Context brief = context.in(passes ? context.passing->brief : context.arena);
  Tensor sum = ops::embedding_sum(brief, lookups, rows.rows, rows.tokens);
  if (const peft::PromptPass* prompt = pass.prompt)
    sum = ops::put_rows(context, sum, prompt->table,
                        {.row = prompt->rows,
                         .of = prompt->of,
                         .count = prompt->count,
                         .more0 = positions_->value,
                         .more1 = segments_->value,
                         .at0 = prompt->positions,
                         .at1 = prompt->segments});
  const Tensor normed =
      embedding_norm_.forward(brief, sum, {}, {.eps = config_.norm_eps, .bytes = layers_.front()->reads_bytes()});
  return ops::dropout(context, normed,
                      {.p = config_.hidden_dropout, .stream = kEmbeddingStream, .row_keys = rows.keys});
}

Tensor BertEncoder::below(Context& context, const tensor::PackedView& rows, int64_t layers) const {
  return run(context, embed(context, rows, {}), rows, nullptr, 0, layers, {});
}

Tensor BertEncoder::above(Context& context, const Tensor& hidden, const tensor::PackedView& rows,
                          const tensor::KeptView* kept, int64_t layers) const {
  if (kept && layers == std::ssize(layers_)) return ops::gather_rows(context, hidden, kept->rows, kept->count);
  return run(context, hidden, rows, kept, layers, std::ssize(layers_), {});
}

// Layers first..end-1; the encoder's last one makes only the rows that are kept.
Tensor BertEncoder::run(Context& context, Tensor hidden, const tensor::PackedView& rows, const tensor::KeptView* kept,
                        int64_t first, int64_t end, const peft::Pass& pass) const {
  // Without backward a layer's memory is given back after it: two results take turns, or three where some layers read
  // bytes and others do not.
  Tensor spare, spare_with_bytes;
  for (int64_t i = first; i < end; ++i) {
    const BertLayer& layer = *layers_[static_cast<size_t>(i)];
    const tensor::KeptView* only = i + 1 == std::ssize(layers_) ? kept : nullptr;
    if (context.tape || only) {
      const BertLayer* const next = i + 1 < end ? layers_[static_cast<size_t>(i + 1)].get() : nullptr;
      hidden = layer.forward(context, hidden, rows, only, {}, pass, next);
      continue;
    }
    // (After the last layer come the heads, which read none.)
    const bool bytes = i + 1 < std::ssize(layers_) && layers_[static_cast<size_t>(i + 1)]->reads_bytes();
    Tensor into = std::exchange(bytes ? spare_with_bytes : spare, {});
    if (!into.defined()) into = ops::make_normed(context, hidden.shape, bytes);
    const auto mark = context.arena.mark();
    layer.forward(context, hidden, rows, nullptr, into, pass);
    context.arena.rewind(mark);
    (hidden.bytes_twin ? spare_with_bytes : spare) = std::exchange(hidden, into);
  }
  return hidden;
}

}  // namespace attune::models
