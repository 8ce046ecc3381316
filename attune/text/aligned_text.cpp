#include "attune/text/aligned_text.h"

#include <algorithm>

#include "attune/base/utf8.h"

namespace attune::text {

void AlignedText::rewrite(const std::vector<Change>& changes) {
  std::vector<AlignedChar> result;
  result.reserve(changes.size());
  size_t consumed = 0;
  for (const auto& [c, change] : changes) {
    const size_t from = change > 0 ? consumed - 1 : consumed;  // wraps around where nothing was consumed
    result.push_back(from < chars.size() ? AlignedChar{c, chars[from].begin, chars[from].end}
                                         : AlignedChar{c, origin, origin});
    if (change <= 0) consumed = std::min(chars.size(), consumed + 1 + static_cast<size_t>(-change));
  }
  chars = std::move(result);
}

void AlignedText::to_utf8(std::string& bytes, std::vector<int32_t>* char_of_byte) const {
  bytes.clear();
  if (char_of_byte) char_of_byte->clear();
  for (size_t i = 0; i < chars.size(); ++i) {
    utf8::append(bytes, chars[i].c);
    if (char_of_byte) char_of_byte->resize(bytes.size(), static_cast<int32_t>(i));
  }
  if (char_of_byte) char_of_byte->push_back(static_cast<int32_t>(chars.size()));
}

AlignedText aligned(std::string_view bytes, int32_t origin) {
  AlignedText text;
  text.origin = origin;
  text.chars.reserve(bytes.size());
  int32_t at = origin;
  for (size_t i = 0; i < bytes.size(); ++at) {
    if (static_cast<unsigned char>(bytes[i]) < 0x80) {
      text.chars.push_back({static_cast<char32_t>(bytes[i++]), at, at + 1});
      continue;
    }
    const utf8::Decoded one = utf8::decode(bytes, i);
    text.chars.push_back({one.code_point, at, at + 1});
    i += one.bytes;
  }
  return text;
}

std::u32string code_points(std::string_view bytes) {
  std::u32string text;
  for (size_t i = 0; i < bytes.size();) {
    const utf8::Decoded one = utf8::decode(bytes, i);
    text.push_back(one.code_point);
    i += one.bytes;
  }
  return text;
}

}  // namespace attune::text
