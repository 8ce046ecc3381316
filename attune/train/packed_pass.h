// Encoded sequences of any rows through a model in one pass, and each one's logits back to its row: what a Predictor
// and a service share. Models that share an encoder share the pass: the encoder runs once over all sequences, each with
// its model's adapter, then each head reads its own.
#pragma once
#include <span>
#include <vector>

#include "attune/kernels/kernels.h"
#include "attune/tasks/batch.h"
#include "attune/tasks/model_bundle.h"

namespace attune::train {

// A row's logits, gathered over its windows.
struct RowLogits {
  std::vector<float> logits;             // [K], or for tagging [reads, K], for embedding tasks [texts, C]
  std::vector<float> features;           // where asked for: what the last layer reads, [1, texts or reads, C]
  std::vector<data::LabelPlace> places;  // tagging, [reads]: which words they answer for; see tasks::TagDecoder
};

// A sequence of an encoded set, the model that answers it and the row that its logits are appended to; a row's
// sequences come in order.
struct PassItem {
  const tasks::ModelBundle* bundle;
  const data::EncodedSet* set;
  int64_t sequence;
  RowLogits* row;
};

class PackedPass {
 public:
  explicit PackedPass(kernels::Kernels& kernels) : kernels_(kernels), arena_(kernels.memory()) {}

  // All models share a pass (models::Model::shares_pass_with). What a row gets does not depend on the others in the
  // pass, to the bit. Not for several threads at once.
  void run(std::span<const PassItem> items, bool with_features = false);

 private:
  // The sequences of one model; they lie side by side in the batch.
  struct Group {
    const tasks::ModelBundle* bundle;
    std::vector<const PassItem*> items = {};
    int64_t first_read = 0, reads = 0;
    bool tags() const { return bundle->task->kind == tasks::TaskKind::tag; }
  };
  std::vector<Group> groups_of(std::span<const PassItem> items);
  models::EncoderStates encode(autograd::Context& context, std::span<const Group> groups);
  models::HeadOutput read(autograd::Context& context, const models::EncoderStates& states, const Group& group,
                          int64_t first_sequence);
  void hand_over(const Group& group, const models::HeadOutput& output, bool with_features);

  kernels::Kernels& kernels_;
  tensor::Arena arena_;
  tasks::Batch batch_;
  std::vector<int32_t> rows_, places_;  // of the group at hand, as models::HeadInput has them
  std::vector<uint64_t> keys_;
};

}  // namespace attune::train
