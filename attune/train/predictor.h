// A fine-tuned model as a function: rows in, logits out. What `attune predict` and programs of others call.
#pragma once
#include <span>
#include <vector>

#include "attune/data/encode.h"
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

class Predictor {
 public:
  // `batch_size`: sequences at once; changes no result, to the bit. The bundle and the kernels outlive this object.
  Predictor(const tasks::ModelBundle& bundle, kernels::Kernels& kernels, int64_t batch_size = 32);

  void want_features() { wants_features_ = true; }

  // One result a row, in order. Targets are not looked at. Not for several threads at once: give each its own.
  std::vector<RowLogits> logits(std::span<const data::Example> rows);

 private:
  void run(const data::EncodedSet& encoded, int64_t first, int64_t last, std::vector<RowLogits>& rows);

  const tasks::ModelBundle& bundle_;
  kernels::Kernels& kernels_;
  int64_t batch_size_;
  bool wants_features_ = false;
  data::Encoder encoder_;
  tensor::Arena arena_;
  tasks::Batch batch_;
};

}  // namespace attune::train
