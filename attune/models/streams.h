// The streams of a model's random draws: one number for each place that draws. They are part of what a seed means, so
// they never change.
#pragma once
#include <cstdint>

namespace attune::models {

// `adapter` and the three behind it: what adapters draw at each product of a layer, in the order of peft::Place.
enum class Site : uint64_t { attention = 0, attention_output = 1, output = 2, adapter = 3 };

inline constexpr uint64_t kEmbeddingStream = 1;
inline constexpr uint64_t kHeadStream = 2;
constexpr uint64_t layer_stream(int64_t layer) {
  return 16 + 8 * static_cast<uint64_t>(layer);
}

}  // namespace attune::models
