// A fine-tuned model as a function: rows in, logits out. What `attune predict` and programs of others call.
#pragma once
#include <span>
#include <vector>

#include "attune/data/encode.h"
#include "attune/train/packed_pass.h"

namespace attune::train {

class Predictor {
 public:
  // `batch_size`: sequences at once; changes no result, to the bit. The bundle and the kernels outlive this object.
  Predictor(const tasks::ModelBundle& bundle, kernels::Kernels& kernels, int64_t batch_size = 32);

  void want_features() { wants_features_ = true; }

  // One result a row, in order. Targets are not looked at. Not for several threads at once: give each its own.
  std::vector<RowLogits> logits(std::span<const data::Example> rows);

 private:
  const tasks::ModelBundle& bundle_;
  int64_t batch_size_;
  bool wants_features_ = false;
  data::Encoder encoder_;
  PackedPass pass_;
};

}  // namespace attune::train
