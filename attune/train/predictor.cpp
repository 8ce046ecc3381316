#include "attune/train/predictor.h"

#include "attune/train/evaluate.h"

namespace attune::train {

Predictor::Predictor(const tasks::ModelBundle& bundle, kernels::Kernels& kernels, int64_t batch_size)
    : bundle_(bundle),
      kernels_(kernels),
      batch_size_(batch_size),
      encoder_(*bundle.tokenizer, bundle.task->data, bundle.encode),
      arena_(kernels.memory()) {}

std::vector<RowLogits> Predictor::logits(std::span<const data::Example> rows) {
  data::EncodedSet encoded;
  for (const data::Example& row : rows) encoder_.append(row, encoded);
  std::vector<RowLogits> logits(rows.size());
  for (int64_t first = 0; first < encoded.size(); first += batch_size_)
    run(encoded, first, std::min(encoded.size(), first + batch_size_), logits);
  return logits;
}

// Sequences [first, last): through the model, and each row's logits to the row.
void Predictor::run(const data::EncodedSet& encoded, int64_t first, int64_t last, std::vector<RowLogits>& rows) {
  const bool tagging = bundle_.task->kind == tasks::TaskKind::tag;
  batch_.clear();
  for (int64_t s = first; s < last; ++s) {
    const data::Encoded sequence = encoded.at(s);
    batch_.add(sequence, tagging, static_cast<int32_t>(s - encoded.first_sequence(sequence.example)));
  }
  batch_.finish();
  if (batch_.read_count == 0) return;  // sentences without a word
  std::vector<float> read;
  const std::vector<float> all =
      bundle_.logits(run_batch(*bundle_.model, kernels_, arena_, batch_, wants_features_ ? &read : nullptr));
  std::span<const float> logits = all, features = read;
  const auto move = [](std::vector<float>& to, std::span<const float>& from, size_t count) {
    to.insert(to.end(), from.begin(), from.begin() + static_cast<std::ptrdiff_t>(count));
    from = from.subspan(count);
  };
  for (int64_t s = first; s < last; ++s) {
    const data::Encoded sequence = encoded.at(s);
    RowLogits& row = rows[static_cast<size_t>(sequence.example)];
    row.places.insert(row.places.end(), sequence.places.begin(), sequence.places.end());
    const size_t reads = tagging ? sequence.places.size() : 1;
    move(row.logits, logits, reads * static_cast<size_t>(bundle_.logit_count()));
    if (wants_features_) move(row.features, features, reads * static_cast<size_t>(bundle_.model->config().hidden));
  }
}

}  // namespace attune::train
