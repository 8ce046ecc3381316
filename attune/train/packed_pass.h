// Encoded sequences of any rows through a model in one pass, and each one's logits back to its row: what a Predictor
// and a service share.
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

// A sequence of an encoded set and the row that its logits are appended to; a row's sequences come in order.
struct PassItem {
  const data::EncodedSet* set;
  int64_t sequence;
  RowLogits* row;
};

class PackedPass {
 public:
  explicit PackedPass(kernels::Kernels& kernels) : kernels_(kernels), arena_(kernels.memory()) {}

  // What a row gets does not depend on the others in the pass, to the bit. Not for several threads at once.
  void run(const tasks::ModelBundle& bundle, std::span<const PassItem> items, bool with_features = false);

 private:
  kernels::Kernels& kernels_;
  tensor::Arena arena_;
  tasks::Batch batch_;
};

}  // namespace attune::train
