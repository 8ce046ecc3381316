// Hidden states of texts below layers that train, made once a text and kept: a step then costs the upper layers alone.
//
// A state depends on the text alone (frozen layers run without dropout), so it is known by the text's ids and segments,
// whatever rows bring it, in training and in judging. Kept as f32 on the host, a text's [tokens, C].
#pragma once
#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

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
  struct Key {
    uint64_t first, second;
    bool operator==(const Key&) const = default;
  };
  struct HashOfKey {
    size_t operator()(const Key& key) const { return key.first; }
  };
  static Key key_of(const tensor::PackedRows& rows, size_t begin, size_t end);

  int64_t width_;
  size_t most_bytes_, bytes_ = 0;
  std::unordered_map<Key, std::vector<float>, HashOfKey> states_;
};

}  // namespace attune::models
