#include "attune/tasks/batch.h"

#include <algorithm>

#include "attune/base/error.h"
#include "attune/base/rng.h"

namespace attune::tasks {

void Batch::clear() {
  rows.ids.clear(), rows.positions.clear(), rows.segments.clear(), rows.keys.clear();
  rows.offsets.assign(1, 0);
  read_rows.clear(), read_keys.clear(), examples.clear();
  read_count = 0;
  targets.classes.clear(), targets.values.clear(), targets.weights.clear(), targets.examples.clear();
  targets.texts.clear(), targets.teacher.clear(), targets.teacher_hidden.clear();
  targets.sequences.assign(1, 0);
}

void Batch::add(const data::Encoded& sequence, bool tagging, int32_t window) {
  const int32_t first = rows.offsets.back();
  const auto length = static_cast<int32_t>(sequence.ids.size());
  ATTUNE_CHECK(length > 0, "an empty sequence (example {})", sequence.example);
  const uint64_t key = mix_key(mix64(static_cast<uint64_t>(sequence.example)), static_cast<uint64_t>(window));
  for (int32_t t = 0; t < length; ++t) {
    rows.ids.push_back(sequence.ids[t]);
    rows.positions.push_back(t);
    rows.segments.push_back(sequence.segments[t]);
    rows.keys.push_back(mix_key(key, static_cast<uint64_t>(t)));
  }
  rows.offsets.push_back(first + length);
  const auto read = [&](int32_t token) {
    read_rows.push_back(first + token);
    read_keys.push_back(rows.keys[first + token]);
  };
  if (!tagging)
    read(0);
  else
    for (const data::LabelPlace& place : sequence.places) read(place.position);
  read_count = static_cast<int64_t>(read_rows.size());
  examples.push_back(sequence.example);
}

void Batch::keep_read_rows() {
  kept.rows.assign(read_rows.begin(), read_rows.end());
  std::sort(kept.rows.begin(), kept.rows.end());
  kept.rows.erase(std::unique(kept.rows.begin(), kept.rows.end()), kept.rows.end());
  const auto place_of = [&](int32_t row) {
    return static_cast<int32_t>(std::lower_bound(kept.rows.begin(), kept.rows.end(), row) - kept.rows.begin());
  };
  kept.keys.clear(), kept.offsets.clear(), read_places.clear();
  for (const int32_t row : kept.rows) kept.keys.push_back(rows.keys[static_cast<size_t>(row)]);
  for (const int32_t offset : rows.offsets) kept.offsets.push_back(place_of(offset));
  for (const int32_t row : read_rows) read_places.push_back(place_of(row));
  const auto count = static_cast<size_t>(tensor::rounded_rows(std::ssize(kept.rows)));
  kept.rows.resize(count, -1), kept.keys.resize(count, 0);
}

void Batch::finish() {
  keep_read_rows();
  const auto total = static_cast<size_t>(tensor::rounded_rows(rows.tokens()));
  rows.ids.resize(total, 0), rows.positions.resize(total, 0), rows.segments.resize(total, 0),
      rows.keys.resize(total, 0);
  const auto reads = static_cast<size_t>(tensor::rounded_rows(read_count));
  read_rows.resize(reads, -1), read_keys.resize(reads, 0), read_places.resize(reads, -1);
}

}  // namespace attune::tasks
