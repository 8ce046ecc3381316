#include "attune/train/packed_pass.h"

#include <algorithm>

#include "attune/base/error.h"
#include "attune/tensor/transfer.h"

namespace attune::train {
namespace {

// Takes the next `count` values off the front of `from`.
void move_front(std::span<const float>& from, size_t count, std::vector<float>& to) {
  to.insert(to.end(), from.begin(), from.begin() + static_cast<std::ptrdiff_t>(count));
  from = from.subspan(count);
}

// `count` of `from` from `first` on, padded to a whole multiple of rows.
template <class T>
void padded_part(const std::vector<T>& from, int64_t first, int64_t count, T padding, std::vector<T>& to) {
  to.assign(from.begin() + first, from.begin() + first + count);
  to.resize(static_cast<size_t>(tensor::rounded_rows(count)), padding);
}

}  // namespace

// In the order in which their models come first; fills the batch in that order.
std::vector<PackedPass::Group> PackedPass::groups_of(std::span<const PassItem> items) {
  std::vector<Group> groups;
  for (const PassItem& item : items) {
    auto at = std::find_if(groups.begin(), groups.end(), [&](const Group& g) { return g.bundle == item.bundle; });
    if (at == groups.end()) {
      ATTUNE_CHECK(groups.empty() || groups[0].bundle->model->shares_pass_with(*item.bundle->model),
                   "models in one pass that cannot share it");
      at = groups.insert(groups.end(), Group{.bundle = item.bundle});
    }
    at->items.push_back(&item);
  }
  batch_.clear();
  for (Group& group : groups) {
    group.first_read = batch_.read_count;
    for (const PassItem* item : group.items) {
      const data::Encoded sequence = item->set->at(item->sequence);
      batch_.add(sequence, group.tags(),
                 static_cast<int32_t>(item->sequence - item->set->first_sequence(sequence.example)));
    }
    group.reads = batch_.read_count - group.first_read;
  }
  batch_.finish();
  return groups;
}

models::EncoderStates PackedPass::encode(autograd::Context& context, std::span<const Group> groups) {
  const bool pooled = std::any_of(groups.begin(), groups.end(),
                                  [](const Group& group) { return group.bundle->model->pools_sequences(); });
  const tensor::KeptRows* const kept = pooled ? nullptr : &batch_.kept;
  const models::Model& model = *groups[0].bundle->model;
  if (groups.size() == 1) return model.encode(context, batch_.rows, kept);
  std::vector<peft::AdapterRows> adapters;
  size_t first = 0;
  for (const Group& group : groups) {
    const size_t end = first + group.items.size();
    const auto& offsets = batch_.rows.offsets;
    const auto kept_at = [&](size_t at) { return kept ? kept->offsets[at] : 0; };
    if (const peft::Adapter* adapter = group.bundle->model->running_adapter())
      adapters.push_back({.adapter = adapter,
                          .all = false,
                          .begin = offsets[first],
                          .end = offsets[end],
                          .kept_begin = kept_at(first),
                          .kept_end = kept_at(end)});
    first = end;
  }
  return model.encode(context, batch_.rows, kept, adapters);
}

models::HeadOutput PackedPass::read(autograd::Context& context, const models::EncoderStates& states, const Group& group,
                                    int64_t first_sequence) {
  padded_part(batch_.read_rows, group.first_read, group.reads, -1, rows_);
  padded_part(batch_.read_places, group.first_read, group.reads, -1, places_);
  padded_part(batch_.read_keys, group.first_read, group.reads, uint64_t{0}, keys_);
  return group.bundle->model->read(
      context, states.of_sequences(first_sequence, std::ssize(group.items)),
      {.rows = rows_, .keys = keys_, .count = group.reads, .kept = &batch_.kept, .places = places_});
}

void PackedPass::hand_over(const Group& group, const models::HeadOutput& output, bool with_features) {
  const auto on_host = [&](const tensor::Tensor& rows) {
    return tensor::OnHost<float>(arena_.memory(), rows, group.reads * rows.cols());
  };
  const std::vector<float> all = group.bundle->logits(on_host(output.logits).values());
  const auto read = on_host(output.features);
  std::span<const float> logits = all, features = read.values();
  for (const PassItem* item : group.items) {
    const data::Encoded sequence = item->set->at(item->sequence);
    item->row->places.insert(item->row->places.end(), sequence.places.begin(), sequence.places.end());
    const size_t reads = group.tags() ? sequence.places.size() : 1;
    move_front(logits, reads * static_cast<size_t>(group.bundle->logit_count()), item->row->logits);
    if (with_features)
      move_front(features, reads * static_cast<size_t>(group.bundle->model->config().hidden), item->row->features);
  }
}

void PackedPass::run(std::span<const PassItem> items, bool with_features) {
  const std::vector<Group> groups = groups_of(items);
  if (batch_.read_count == 0) return;  // sentences without a word
  const models::Model& model = *groups[0].bundle->model;
  arena_.reset();
  autograd::Context context{.kernels = kernels_, .arena = arena_, .compute = model.compute()};
  const models::EncoderStates states = encode(context, groups);
  int64_t sequences = 0;
  for (const Group& group : groups) {
    if (group.reads > 0) hand_over(group, read(context, states, group, sequences), with_features);
    sequences += std::ssize(group.items);
  }
}

}  // namespace attune::train
