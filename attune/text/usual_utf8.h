// The forms of UTF-8 that nearly all text is made of, decoded in line.
#pragma once
#include <string_view>

#include "attune/base/utf8.h"

namespace attune::text {

// The same as utf8::decode.
inline utf8::Decoded decode(std::string_view text, size_t at) {
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
  return utf8::decode(text, at);
}

}  // namespace attune::text
