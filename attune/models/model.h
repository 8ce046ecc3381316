// A model as the rest of the house sees it: parameters, and a function from packed rows to hidden states and logits. It
// knows nothing of labels and losses.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "attune/models/bert.h"
#include "attune/models/frozen_states.h"
#include "attune/models/head.h"
#include "attune/models/virtual_rows.h"
#include "attune/peft/method.h"

namespace attune::models {

struct ModelOutput {
  Tensor hidden;    // [N, C]; undefined where the last layer made only the rows that the head reads
  Tensor features;  // [rounded count, C]; see HeadOutput
  Tensor logits;    // [rounded count, P]: the last layer's outputs
};

// What an encoder made of some rows, for heads to read.
struct EncoderStates {
  Tensor hidden;                                     // [N, C], or [kept rows, C]
  tensor::PackedView rows;                           // of all sequences
  bool kept_alone = false;                           // only the rows that were to be kept were made
  std::shared_ptr<const VirtualRows> prompted = {};  // hidden has rows of virtual tokens too
  const tensor::PackedRows* batch = nullptr;         // with `prompted`: the rows that heads speak of

  // For a head that reads sequences first..first+count-1 alone.
  EncoderStates of_sequences(int64_t first, int64_t count) const;
};

// What a model has beside an encoder and a head.
struct ModelExtras {
  // May add parameters of its own (a loss's transitions): they train, save and resume like the head's, and belong to
  // its depth.
  std::function<void(nn::Parameters&)> more = {};
  std::shared_ptr<const peft::Method> adapter = {};  // makes an adapter to the encoder; none: it is as it is
  bool frozen_base = false;          // with an adapter: the encoder is as train_adapter() has it from the start, and
                                     // held as Precision::frozen says
  tensor::Memory* memory = nullptr;  // of the device that will run it; nullptr: the host's
};

class Model {
 public:
  // int8: the products of the encoder's layers and its words; positions, segments, norms and the head are few and stay
  // as `compute` has them.
  Model(const BertConfig& config, const HeadOptions& head, nn::Precision precision, const ModelExtras& extras = {});
  // A head over the encoder of another model, which lives on as long as this one; parameters() are the head's, the
  // adapter's and what `more` adds. For inference: such a model is neither trained nor saved.
  Model(std::shared_ptr<const Model> with_encoder, const HeadOptions& head, const ModelExtras& extras = {});

  // The last layer makes only the rows that the head reads, where those are fewer, unless all are asked for: same
  // logits.
  enum class Hidden { read_rows, all_rows };
  ModelOutput forward(Context& context, const tensor::PackedRows& rows, const HeadInput& head,
                      Hidden hidden = Hidden::read_rows) const;

  // forward() in two halves, for several heads over one encoder: its states are read by each of the models that share
  // it. `kept`: the rows that any of them reads, each once; nullptr: all rows are made, which heads that pool
  // sequences want.
  EncoderStates encode(Context& context, const tensor::PackedRows& rows, const tensor::KeptRows* kept) const;
  // The adapters of several models instead of one's own, each with the rows of its own; for inference.
  EncoderStates encode(Context& context, const tensor::PackedRows& rows, const tensor::KeptRows* kept,
                       std::span<const peft::AdapterRows> adapters) const;
  HeadOutput read(Context& context, const EncoderStates& states, const HeadInput& head) const;
  // Whether both can run in one pass and each row have the bits that it has alone: one encoder; no virtual tokens; and
  // in int8 the same feed-forward products without adapters, for those hand on bytes alone.
  bool shares_pass_with(const Model& other) const;
  bool borrows_encoder() const { return lender_ != nullptr; }
  bool shares_encoder_with(const Model& other) const { return &encoder() == &other.encoder(); }
  bool pools_sequences() const { return head_.pools_sequences(); }

  // Logits of features that forward() gave: see Head::answer.
  Tensor answer(Context& context, const Tensor& features, const HeadInput& head) const {
    return head_.answer(context, features, head.keys);
  }

  nn::Parameters& parameters() { return parameters_; }
  const nn::Parameters& parameters() const { return parameters_; }
  const BertConfig& config() const { return encoder().config(); }
  // Pieces of the longest text: the encoder's positions less those of virtual tokens.
  int64_t longest_text() const { return config().positions - (adapter_ ? adapter_->tokens.length : 0); }
  const HeadOptions& head() const { return head_.options(); }
  tensor::DType compute() const { return precision_.compute; }
  const nn::Precision& precision() const { return precision_; }

  // Of the encoder only what the adapter's method trains gets gradients and updates; the adapter and the head do.
  void train_adapter();
  const peft::Adapter* adapter() const { return adapter_.get(); }
  // The same while it runs: nullptr once it is in the weights.
  const peft::Adapter* running_adapter() const { return merged_ ? nullptr : adapter_.get(); }
  // What the adapter's method does in a training step; nullptr: nothing.
  peft::TrainingHook* training_hook() const { return adapter_ ? adapter_->hook.get() : nullptr; }
  // Elements that train_adapter() lets train.
  int64_t adapter_parameters() const;
  // Whether the parameter is the adapter's, the head's, or one of the encoder's that the adapter's method trains.
  bool is_adapters(const nn::Parameter& parameter) const;
  // Writes what the adapter does into the encoder's weights, or takes it out again (f32 on the host; what follows from
  // weights is made anew). Errors (usage): an adapter that is no change of weights.
  void merge_adapter(bool undo = false);
  // Brings parameters of the adapter that are made of others up to date, before they are written.
  void settle_adapter(kernels::Kernels& kernels);
  // Parameters of the adapter that begin where the encoder's weights stand, once those are loaded.
  void begin_adapter();

  // Parameters of depth < `below` get no gradient and no update (0: none; 1: embeddings; k+1: embeddings and the first
  // k layers).
  void freeze_below(int below);

  // The first `layers` layers, which do not train, run once a text and without dropout (frozen_states.h).
  void keep_states_below(int64_t layers, size_t most_bytes = kMostKeptStates);

 private:
  EncoderStates encode_adapted(Context& context, const tensor::PackedRows& rows, const tensor::PackedView& view,
                               const tensor::KeptRows* kept) const;
  // Whether the head reads the first row of a sequence, not rows of its own.
  bool reads_firsts() const { return head_.options().kind != HeadKind::token; }
  // What the encoder gives, from the kept states where there are such.
  Tensor run_encoder(Context& context, const tensor::PackedRows& rows, const tensor::PackedView& view,
                     const tensor::KeptView* kept) const;
  const BertEncoder& encoder() const { return lender_ ? *lender_->encoder_ : *encoder_; }

  bool trains_with_adapter(const nn::Parameter& parameter) const;

  nn::Parameters parameters_;
  std::unique_ptr<BertEncoder> encoder_;  // one's own, or
  std::shared_ptr<const Model> lender_;   // the model that has it
  std::unique_ptr<peft::Adapter> adapter_;
  bool merged_ = false;  // the adapter is in the encoder's weights
  Head head_;
  nn::Precision precision_;
  int64_t kept_layers_ = 0;
  std::unique_ptr<FrozenStates> kept_states_;
};

}  // namespace attune::models
