#include "attune/data/encoded_set.h"

namespace attune::data {

EncodedSet::EncodedSet(const std::filesystem::path& folder)
    : ids_(folder),
      segments_(folder),
      places_(folder),
      ends_(folder),
      example_(folder),
      lengths_(folder),
      truncated_(folder),
      first_sequence_(folder) {}

Encoded EncodedSet::at(int64_t sequence) const {
  const End from = begin(sequence), to = ends_[sequence];
  const auto cut = [](auto values, int64_t first, int64_t last) {
    return values.subspan(static_cast<size_t>(first), static_cast<size_t>(last - first));
  };
  return {cut(ids_.values(), from.piece, to.piece), cut(segments_.values(), from.piece, to.piece),
          cut(places_.values(), from.place, to.place), example_[sequence]};
}

void EncodedSet::begin_example(int32_t full_length, bool truncated) {
  lengths_.push_back(full_length);
  truncated_.push_back(truncated);
  first_sequence_.push_back(size());
  ++counts_.rows;
  counts_.rows_truncated += truncated;
}

void EncodedSet::end_sequence() {
  open_ = ids_.size();
  ends_.push_back({open_, places_.size()});
  example_.push_back(static_cast<int32_t>(examples()) - 1);
}

void EncodedSet::seal() {
  ids_.seal(), segments_.seal(), places_.seal(), ends_.seal();
  example_.seal(), lengths_.seal(), truncated_.seal(), first_sequence_.seal();
}

void EncodedSet::let_go() const {
  ids_.let_go(), segments_.let_go(), places_.let_go(), ends_.let_go();
  example_.let_go(), lengths_.let_go(), truncated_.let_go(), first_sequence_.let_go();
}

}  // namespace attune::data
