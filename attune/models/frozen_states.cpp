#include "attune/models/frozen_states.h"

#include <algorithm>
#include <utility>

namespace attune::models {
namespace {

// The sequences of `rows` that `chosen` names, packed on their own.
tensor::PackedRows only(const tensor::PackedRows& rows, std::span<const size_t> chosen) {
  tensor::PackedRows some;
  some.offsets.push_back(0);
  for (const size_t s : chosen) {
    const auto begin = rows.offsets[s], end = rows.offsets[s + 1];
    some.ids.insert(some.ids.end(), rows.ids.begin() + begin, rows.ids.begin() + end);
    some.positions.insert(some.positions.end(), rows.positions.begin() + begin, rows.positions.begin() + end);
    some.segments.insert(some.segments.end(), rows.segments.begin() + begin, rows.segments.begin() + end);
    some.keys.insert(some.keys.end(), rows.keys.begin() + begin, rows.keys.begin() + end);
    some.offsets.push_back(static_cast<int32_t>(some.ids.size()));
  }
  const auto rounded = static_cast<size_t>(tensor::rounded_rows(std::ssize(some.ids)));
  some.ids.resize(rounded), some.positions.resize(rounded), some.segments.resize(rounded), some.keys.resize(rounded);
  return some;
}

}  // namespace

FrozenStates::Text FrozenStates::text_of(const tensor::PackedRows& rows, size_t sequence) {
  const auto begin = rows.offsets[sequence], end = rows.offsets[sequence + 1];
  Text text(rows.ids.begin() + begin, rows.ids.begin() + end);
  text.insert(text.end(), rows.segments.begin() + begin, rows.segments.begin() + end);
  return text;
}

void FrozenStates::fill(const tensor::PackedRows& rows, float* states, const Make& make) {
  const auto width = static_cast<size_t>(width_);
  const auto put = [&](size_t sequence, const float* from) {
    const auto begin = static_cast<size_t>(rows.offsets[sequence]),
               end = static_cast<size_t>(rows.offsets[sequence + 1]);
    std::copy_n(from, (end - begin) * width, states + begin * width);
  };
  std::vector<size_t> missing;
  std::vector<Text> texts;
  for (size_t s = 0; s < static_cast<size_t>(rows.sequences()); ++s) {
    Text text = text_of(rows, s);
    const auto known = states_.find(text);
    if (known != states_.end())
      put(s, known->second.data());
    else
      missing.push_back(s), texts.push_back(std::move(text));
  }
  if (!missing.empty()) {
    const tensor::PackedRows some = only(rows, missing);
    const std::vector<float> made = make(some);
    for (size_t i = 0; i < missing.size(); ++i) {
      const float* from = made.data() + static_cast<size_t>(some.offsets[i]) * width;
      const size_t count = static_cast<size_t>(some.offsets[i + 1] - some.offsets[i]) * width;
      put(missing[i], from);
      const size_t bytes = count * sizeof(float);
      if (bytes_ + bytes <= most_bytes_ && states_.try_emplace(std::move(texts[i]), from, from + count).second)
        bytes_ += bytes;
    }
  }
  std::fill(states + static_cast<size_t>(rows.tokens()) * width, states + static_cast<size_t>(rows.rows()) * width,
            0.0f);
}

}  // namespace attune::models
