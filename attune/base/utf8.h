// UTF-8, strictly: overlong forms, surrogates and code points above U+10FFFF are invalid (Unicode 15, table 3-7).
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace attune::utf8 {

struct Decoded {
  char32_t code_point;  // U+FFFD where the bytes are invalid
  int bytes;            // how many to step over: at least 1; for invalid bytes the maximal subpart, as W3C says
  bool valid;
};

// The code point that starts at text[at]; at < text.size().
Decoded decode(std::string_view text, size_t at);

// The same, with the forms that nearly all text is made of decoded in line.
inline Decoded decode_inline(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(text[at + i])); };
  const char32_t lead = byte(0);
  // Three bytes, but for the leads whose second byte is restricted.
  if (lead > 0xE0 && lead < 0xF0 && lead != 0xED && at + 2 < text.size()) {
    const char32_t second = byte(1) ^ 0x80, third = byte(2) ^ 0x80;
    if ((second | third) < 0x40) return {(lead & 0xF) << 12 | second << 6 | third, 3, true};
  } else if (lead >= 0xC2 && lead < 0xE0 && at + 1 < text.size()) {
    const char32_t second = byte(1) ^ 0x80;
    if (second < 0x40) return {(lead & 0x1F) << 6 | second, 2, true};
  }
  return decode(text, at);
}

// Offset of the first invalid byte, or nothing where all of it is valid.
std::optional<size_t> first_invalid(std::string_view text);

// Code points in `text`; an invalid maximal subpart counts as one.
size_t length(std::string_view text);

void append(std::string& out, char32_t code_point);

// `text` with every invalid maximal subpart replaced by U+FFFD.
std::string repaired(std::string_view text);

}  // namespace attune::utf8
