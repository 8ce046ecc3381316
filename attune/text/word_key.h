// A short word as whole numbers, filled up with zeros: what words are compared and looked up by.
#pragma once
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace attune::text {

static_assert(std::endian::native == std::endian::little, "the first byte of a text is a number's lowest");

struct WordKey {
  using Blocks = std::array<uint64_t, 3>;
  static constexpr size_t kLongest = sizeof(Blocks);

  Blocks blocks{};
  uint32_t size = 0;  // bytes, at most kLongest

  // Valid as long as the key.
  std::string_view bytes() const { return {reinterpret_cast<const char*>(blocks.data()), size}; }
};

// The comparison of arrays would be a call.
inline bool same(const WordKey::Blocks& a, const WordKey::Blocks& b) {
  return ((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2])) == 0;
}

// The first `size` of kLongest bytes that may be read; size <= kLongest.
inline WordKey key_of(const char* bytes, size_t size) {
  WordKey key;
  key.size = static_cast<uint32_t>(size);
  std::memcpy(key.blocks.data(), bytes, WordKey::kLongest);
  for (size_t block = 0; block < key.blocks.size(); ++block) {
    const size_t inside = size < 8 * block ? 0 : size - 8 * block;
    if (inside < 8) key.blocks[block] &= (uint64_t{1} << 8 * inside) - 1;
  }
  return key;
}

}  // namespace attune::text
