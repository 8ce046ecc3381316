#include "attune/text/lowercase.h"

#include "attune/text/unicode.h"

namespace attune::text {

void lowercase(AlignedText& text) {
  std::vector<AlignedChar> lower;
  lower.reserve(text.chars.size());
  for (const AlignedChar& one : text.chars) {
    const char32_t* mapped = unicode::record(one.c).lower;
    if (!mapped) {
      lower.push_back(one);
      continue;
    }
    for (const char32_t c : unicode::text_of(mapped)) lower.push_back({c, one.begin, one.end});
  }
  text.chars = std::move(lower);
}

}  // namespace attune::text
