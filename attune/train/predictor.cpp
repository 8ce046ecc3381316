#include "attune/train/predictor.h"

namespace attune::train {

Predictor::Predictor(const tasks::ModelBundle& bundle, kernels::Kernels& kernels, int64_t batch_size)
    : bundle_(bundle),
      batch_size_(batch_size),
      encoder_(*bundle.tokenizer, bundle.task->data, bundle.encode),
      pass_(kernels) {}

std::vector<RowLogits> Predictor::logits(std::span<const data::Example> rows) {
  data::EncodedSet encoded;
  for (const data::Example& row : rows) encoder_.append(row, encoded);
  std::vector<RowLogits> logits(rows.size());
  std::vector<PassItem> items;
  for (int64_t first = 0; first < encoded.size(); first += batch_size_) {
    items.clear();
    for (int64_t s = first; s < std::min(encoded.size(), first + batch_size_); ++s)
      items.push_back({&bundle_, &encoded, s, &logits[static_cast<size_t>(encoded.at(s).example)]});
    pass_.run(items, wants_features_);
  }
  return logits;
}

}  // namespace attune::train
