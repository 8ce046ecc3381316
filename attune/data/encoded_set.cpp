#include "attune/data/encoded_set.h"

namespace attune::data {

Encoded EncodedSet::at(int64_t sequence) const {
  const auto s = static_cast<size_t>(sequence);
  const auto begin = static_cast<size_t>(offsets_[s]), length = static_cast<size_t>(offsets_[s + 1]) - begin;
  const auto place = static_cast<size_t>(place_offsets_[s]),
             places = static_cast<size_t>(place_offsets_[s + 1]) - place;
  return {std::span(ids_).subspan(begin, length), std::span(segments_).subspan(begin, length),
          std::span(places_).subspan(place, places), example_[s]};
}

void EncodedSet::begin_example(int32_t full_length, bool truncated) {
  lengths_.push_back(full_length);
  truncated_.push_back(truncated);
  first_sequence_.push_back(first_sequence_.back());
  ++counts_.rows;
  counts_.rows_truncated += truncated;
}

void EncodedSet::end_sequence() {
  offsets_.push_back(static_cast<int64_t>(ids_.size()));
  place_offsets_.push_back(static_cast<int64_t>(places_.size()));
  example_.push_back(static_cast<int32_t>(lengths_.size()) - 1);
  ++first_sequence_.back();
}

}  // namespace attune::data
