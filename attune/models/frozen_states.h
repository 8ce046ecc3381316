// Hidden states of texts below layers that train, made once a text and kept: a step then costs the upper layers alone.
//
// A state depends on the text alone (frozen layers run without dropout), so it is known by the text's ids and segments,
// whatever rows bring it, in training and in judging. Kept as f32 on the host, a text's [tokens, C].
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <unordered_map>
#include <vector>

#include "attune/base/rng.h"
#include "attune/tensor/packed_rows.h"

namespace attune::models {

inline constexpr size_t kMostKeptStates = size_t{4} << 30;  // bytes

class FrozenStates {
 public:
  // Texts beyond `most_bytes` are made again each time: the same values.
  FrozenStates(int64_t width, size_t most_bytes) : width_(width), most_bytes_(most_bytes) {}

  // Makes the states of some sequences, [rows, width] on the host.
  using Make = std::function<std::vector<float>(const tensor::PackedRows&)>;
  // States of all rows of `rows`, [rows.rows(), width]; rows beyond the last sequence are 0.
  void fill(const tensor::PackedRows& rows, float* states, const Make& make);

  size_t bytes() const { return bytes_; }

 private:
  using Text = std::vector<int32_t>;  // its ids, then its segments
  struct HashOfText {
    size_t operator()(const Text& text) const { return key_of_values(std::span<const int32_t>(text)); }
  };
  static Text text_of(const tensor::PackedRows& rows, size_t sequence);

  int64_t width_;
  size_t most_bytes_, bytes_ = 0;
  std::unordered_map<Text, std::vector<float>, HashOfText> states_;
};

}  // namespace attune::models
