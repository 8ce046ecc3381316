// A word being collected, and where each of its bytes comes from.
#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "attune/text/model.h"
#include "attune/text/word_key.h"

namespace attune::text {

class WordInHand {
 public:
  static constexpr size_t kWidth = 8;  // bytes that add() may read
  using Bytes = std::array<char, kWidth>;

  size_t size() const { return size_; }
  std::string_view bytes() const { return {bytes_.data(), size_}; }
  // The code point that the byte belongs to, or comes from.
  int32_t origin(size_t byte) const { return origins_[byte]; }

  // The bytes from `from` on, which are at most WordKey::kLongest.
  WordKey key(size_t from = 0) const { return key_of(bytes_.data() + from, size_ - from); }

  void clear() { size_ = 0; }
  // Appends the first `size` of the bytes, all of the same origin.
  void add(const Bytes& bytes, size_t size, int32_t origin) {
    if (size_ + kWidth > bytes_.size()) grow();
    // Whole widths at once; what is beyond `size` is written again or never read.
    std::memcpy(bytes_.data() + size_, bytes.data(), kWidth);
    std::array<int32_t, kWidth> origins;
    origins.fill(origin);
    std::memcpy(origins_.data() + size_, origins.data(), sizeof origins);
    size_ += size;
  }

 private:
  void grow() {
    bytes_.resize(2 * bytes_.size());
    origins_.resize(bytes_.size());
  }

  size_t size_ = 0;
  std::vector<char> bytes_ = std::vector<char>(256);  // so that a key can always be read
  std::vector<int32_t> origins_ = std::vector<int32_t>(256);
};

// Scan(forms, word, origin, out).run(bytes): the number of the code point behind the last one, or nothing where it
// gives up, and then nothing is appended.
template <class Scan, class Forms>
std::optional<int32_t> scan_or_undo(const Forms& forms, std::string_view bytes, int32_t origin,
                                    std::vector<Piece>& out) {
  thread_local WordInHand word;  // keeps its memory from one text to the next
  const size_t before = out.size();
  Scan scan(forms, word, origin, out);
  if (scan.run(bytes)) return scan.at();
  out.resize(before);
  return std::nullopt;
}

}  // namespace attune::text
