// Runs of ASCII characters, eight at a time in one whole number.
#pragma once
#include <bit>
#include <cstring>
#include <string_view>

#include "attune/text/word_key.h"

namespace attune::text {

namespace eight {

// Eight bytes, the first lowest. A mask has the high bit of each byte that is meant, and no other bit.
constexpr uint64_t kOnes = 0x0101010101010101, kHigh = 0x8080808080808080;

// The bytes from low to high; both below 0x80.
inline uint64_t between(uint64_t bytes, uint64_t low, uint64_t high) {
  return ((bytes | kHigh) - low * kOnes) & ((high * kOnes | kHigh) - (bytes & ~kHigh)) & ~bytes & kHigh;
}
inline uint64_t letters(uint64_t bytes) {
  return between(bytes | 0x20 * kOnes, 'a', 'z');
}

}  // namespace eight

// Letters and digits: what is never anything but part of a word to BERT.
struct Alphanumeric {
  bool lowercase;

  uint64_t mask(uint64_t bytes) const { return eight::letters(bytes) | eight::between(bytes, '0', '9'); }
  uint64_t form(uint64_t bytes) const { return lowercase ? bytes | eight::letters(bytes) >> 2 : bytes; }
};

// All that is printed and no space.
struct Printed {
  static uint64_t mask(uint64_t bytes) { return eight::between(bytes, '!', '~'); }
  static uint64_t form(uint64_t bytes) { return bytes; }
};

// Reads the run of characters of a kind that `text` begins with into `key`, in the kind's form. False where there is no
// such character, or where the run goes on beyond the longest key.
template <class Kind>
bool read_run(std::string_view text, const Kind& kind, WordKey& key) {
  const char* at = text.data();
  size_t left = text.size();
  for (size_t block = 0; block < key.blocks.size(); ++block) {
    uint64_t bytes = 0;
    if (left >= 8) {
      std::memcpy(&bytes, at, 8);
    } else if (left > 0) {
      std::memcpy(&bytes, at, left);
    }
    const uint64_t others = ~kind.mask(bytes) & eight::kHigh;
    if (others == 0) {
      key.blocks[block] = kind.form(bytes);
      at += 8;
      left -= 8;
      continue;
    }
    const int bits = std::countr_zero(others) & ~7;
    key.blocks[block] = kind.form(bytes) & ((uint64_t{1} << bits) - 1);
    key.size = static_cast<uint32_t>(block * 8 + static_cast<size_t>(bits) / 8);
    return key.size > 0;
  }
  key.size = WordKey::kLongest;
  return left == 0 || kind.mask(static_cast<unsigned char>(*at)) == 0;
}

}  // namespace attune::text
