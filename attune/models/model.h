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

namespace attune::models {

struct ModelOutput {
  Tensor hidden;    // [N, C]; undefined where the last layer made only the rows that the head reads
  Tensor features;  // [rounded count, C]; see HeadOutput
  Tensor logits;    // [rounded count, P]: the last layer's outputs
};

class Model {
 public:
  // `more` may add parameters of its own (a loss's transitions): they train, save and resume like the head's, and
  // belong to its depth. `memory`: of the device that will run it. int8: the products of the encoder's layers and its
  // words; positions, segments, norms and the head are few and stay as `compute` has them.
  Model(const BertConfig& config, const HeadOptions& head, nn::Precision precision,
        const std::function<void(nn::Parameters&)>& more = {}, tensor::Memory& memory = tensor::host_memory());

  // The last layer makes only the rows that the head reads, where those are fewer, unless all are asked for: same
  // logits.
  enum class Hidden { read_rows, all_rows };
  ModelOutput forward(Context& context, const tensor::PackedRows& rows, const HeadInput& head,
                      Hidden hidden = Hidden::read_rows) const;

  // Logits of features that forward() gave: see Head::answer.
  Tensor answer(Context& context, const Tensor& features, const HeadInput& head) const {
    return head_.answer(context, features, head.keys);
  }

  nn::Parameters& parameters() { return parameters_; }
  const nn::Parameters& parameters() const { return parameters_; }
  const BertConfig& config() const { return encoder_.config(); }
  const HeadOptions& head() const { return head_.options(); }
  tensor::DType compute() const { return precision_.compute; }
  nn::Precision precision() const { return precision_; }

  // Parameters of depth < `below` get no gradient and no update (0: none; 1: embeddings; k+1: embeddings and the first
  // k layers).
  void freeze_below(int below);

  // The first `layers` layers, which do not train, run once a text and without dropout (frozen_states.h).
  void keep_states_below(int64_t layers, size_t most_bytes = kMostKeptStates);

 private:
  // What the encoder gives, from the kept states where there are such.
  Tensor encode(Context& context, const tensor::PackedRows& rows, const tensor::PackedView& view,
                const tensor::KeptView* kept) const;
  bool reads_all_rows(const tensor::PackedRows& rows, const HeadInput& head) const;

  nn::Parameters parameters_;
  BertEncoder encoder_;
  Head head_;
  nn::Precision precision_;
  int64_t kept_layers_ = 0;
  std::unique_ptr<FrozenStates> kept_states_;
};

}  // namespace attune::models
