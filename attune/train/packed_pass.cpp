#include "attune/train/packed_pass.h"

#include "attune/train/evaluate.h"

namespace attune::train {
namespace {

// Takes the next `count` values off the front of `from`.
void move_front(std::span<const float>& from, size_t count, std::vector<float>& to) {
  to.insert(to.end(), from.begin(), from.begin() + static_cast<std::ptrdiff_t>(count));
  from = from.subspan(count);
}

}  // namespace

void PackedPass::run(const tasks::ModelBundle& bundle, std::span<const PassItem> items, bool with_features) {
  const bool tagging = bundle.task->kind == tasks::TaskKind::tag;
  batch_.clear();
  for (const PassItem& item : items) {
    const data::Encoded sequence = item.set->at(item.sequence);
    const int64_t window = item.sequence - item.set->first_sequence(sequence.example);
    batch_.add(sequence, tagging, static_cast<int32_t>(window));
  }
  batch_.finish();
  if (batch_.read_count == 0) return;  // sentences without a word
  std::vector<float> read;
  const std::vector<float> all =
      bundle.logits(run_batch(*bundle.model, kernels_, arena_, batch_, with_features ? &read : nullptr));
  std::span<const float> logits = all, features = read;
  for (const PassItem& item : items) {
    const data::Encoded sequence = item.set->at(item.sequence);
    item.row->places.insert(item.row->places.end(), sequence.places.begin(), sequence.places.end());
    const size_t reads = tagging ? sequence.places.size() : 1;
    move_front(logits, reads * static_cast<size_t>(bundle.logit_count()), item.row->logits);
    if (with_features)
      move_front(features, reads * static_cast<size_t>(bundle.model->config().hidden), item.row->features);
  }
}

}  // namespace attune::train
