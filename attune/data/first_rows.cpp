#include "attune/data/first_rows.h"

#include <bit>

#include "attune/base/rng.h"

namespace attune::data {

FirstRows::FirstRows(const Examples& examples)
    : examples_(examples), slots_(std::bit_ceil(examples.size() + examples.size() / 3 + 1), kNone) {}

// The slot that holds the input, or the empty one where it would go.
size_t FirstRows::slot_of(uint64_t input_hash) const {
  const size_t mask = slots_.size() - 1;
  size_t slot = mix64(input_hash) & mask;
  while (slots_[slot] != kNone && examples_.view(static_cast<size_t>(slots_[slot])).input_hash != input_hash)
    slot = (slot + 1) & mask;
  return slot;
}

int32_t FirstRows::add(int32_t row) {
  int32_t& slot = slots_[slot_of(examples_.view(static_cast<size_t>(row)).input_hash)];
  if (slot == kNone) slot = row;
  return slot;
}

int32_t FirstRows::find(uint64_t input_hash) const {
  return slots_[slot_of(input_hash)];
}

}  // namespace attune::data
