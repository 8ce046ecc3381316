// The Precompiled normalizer: sentencepiece's map from short texts to their normalised form.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attune/text/normalizer.h"

namespace attune::text {

// Layout: size of the array in bytes (uint32, little-endian), a double array of uint32 units as darts-clone builds it,
// then the normalised forms, each ended by a zero byte; a key's value is the offset of its form.
class Charsmap {
 public:
  // Errors (model): the bytes do not hold such a map.
  explicit Charsmap(std::string_view bytes);

  // The form of the shortest key that `text` begins with. (The shortest, as the reference does it, not the longest.)
  std::optional<std::string_view> form_of(std::string_view text) const;

 private:
  std::vector<uint32_t> units_;
  std::string forms_;
};

// Replaces grapheme clusters: one of fewer than 6 bytes as a whole by the form of a key it begins with; else each
// character that is a key. `base64` is the map as tokenizer.json holds it.
std::unique_ptr<Normalizer> make_precompiled(std::string_view base64);

// Errors (model): a character outside the alphabet, or a length that cannot be.
std::string decode_base64(std::string_view text);

}  // namespace attune::text
