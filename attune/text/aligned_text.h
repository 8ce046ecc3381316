// A text on its way through the normalizers: each character remembers which stretch of the original it came from.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace attune::text {

struct AlignedChar {
  char32_t c;
  int32_t begin, end;  // code points of the original text, [begin, end)
};

// One step of a rewriting, in the reference's terms. change <= 0: the character takes the place of the next source
// character and swallows -change more; change > 0: it is inserted behind what was consumed so far.
struct Change {
  char32_t c;
  int32_t change;
};

struct AlignedText {
  std::vector<AlignedChar> chars;
  int32_t origin = 0;  // where in the original text this stretch begins

  // Applies a rewriting of the whole text. An inserted character shares the stretch of the character before it in the
  // source, or is an empty stretch at the origin if there is none.
  void rewrite(const std::vector<Change>& changes);

  // The characters as UTF-8; `char_of_byte` (if given) gets the index of the character each byte belongs to, and one
  // more entry: the number of characters.
  void to_utf8(std::string& bytes, std::vector<int32_t>* char_of_byte) const;
};

// Decodes bytes[...] whose first code point is number `origin` of the original. Invalid bytes become U+FFFD.
AlignedText aligned(std::string_view bytes, int32_t origin);
std::u32string code_points(std::string_view bytes);

}  // namespace attune::text
