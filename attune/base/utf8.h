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

// Offset of the first invalid byte, or nothing where all of it is valid.
std::optional<size_t> first_invalid(std::string_view text);

// Code points in `text`; an invalid maximal subpart counts as one.
size_t length(std::string_view text);

void append(std::string& out, char32_t code_point);

// `text` with every invalid maximal subpart replaced by U+FFFD.
std::string repaired(std::string_view text);

}  // namespace attune::utf8
