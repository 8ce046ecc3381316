#include "attune/models/head.h"

#include "attune/models/streams.h"
#include "attune/ops/activation.h"
#include "attune/ops/cosine.h"
#include "attune/ops/dropout.h"
#include "attune/ops/select_rows.h"

namespace attune::models {

Head::Head(nn::Parameters& parameters, const BertConfig& config, const HeadOptions& options)
    : options_(options), dropout_(config.classifier_dropout) {
  const int depth = static_cast<int>(config.layers) + 1;
  if (options.kind == HeadKind::sequence)
    pooler_ = std::make_unique<nn::Linear>(
        parameters, "pooler.dense", nn::Linear::Options{.in = config.hidden, .out = config.hidden, .depth = depth});
  if (options.kind == HeadKind::vector) {
    ATTUNE_CHECK(options.outputs == config.hidden, "a vector of {} from hidden states of {}", options.outputs,
                 config.hidden);
    return;
  }
  if (options.cosine > 0) {  // f32 products: no copies for others
    cosine_weight_ = parameters.add("classifier.weight", {options.outputs, config.hidden},
                                    {.init = nn::Init::normal, .depth = depth});
    return;
  }
  classifier_ = std::make_unique<nn::Linear>(
      parameters, "classifier", nn::Linear::Options{.in = config.hidden, .out = options.outputs, .depth = depth});
}

HeadOutput Head::forward(Context& context, const Tensor& hidden, const tensor::PackedView& rows,
                         const HeadInput& input) const {
  const auto read = static_cast<int64_t>(input.rows.size());
  Tensor x = pools_sequences() ? ops::mean_rows(context, hidden, rows, read)
                               : ops::gather_rows(context, hidden, context.on_device(input.rows), read);
  if (pooler_)
    x = ops::activation(context, kernels::ActivationKind::tanh, pooler_->forward(context, x, context.sums()));
  return {x, answer(context, x, input.keys)};
}

Tensor Head::answer(Context& context, const Tensor& features, std::span<const uint64_t> keys) const {
  if (!classifier_ && !cosine_weight_) return features;
  const Tensor dropped =
      ops::dropout(context, features, {.p = dropout_, .stream = kHeadStream, .row_keys = context.on_device(keys)});
  if (cosine_weight_) return ops::cosine(context, dropped, cosine_weight_->value, options_.cosine);
  return classifier_->forward(context, dropped, context.sums());
}

}  // namespace attune::models
