#include "attune/text/ascii_run.h"

#include <gtest/gtest.h>
#include <random>
#include <string>

#include "attune/text/usual_utf8.h"

namespace attune::text {
namespace {

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}
bool is_printed(char c) {
  return c > ' ' && c < 0x7F;
}

// Against a loop over bytes. The text stands alone in memory, so that a sanitizer sees what is read beyond its end.
template <class Kind>
void expect_plain(const std::string& text, const Kind& kind, bool (*belongs)(char), bool lowercase) {
  size_t length = 0;
  while (length < text.size() && belongs(text[length])) ++length;
  const std::vector<char> alone(text.begin(), text.end());
  WordKey key;
  const bool found = read_run(std::string_view(alone.data(), alone.size()), kind, key);
  ASSERT_EQ(found, length > 0 && length <= WordKey::kLongest) << text;
  if (!found) return;
  std::string expected = text.substr(0, length);
  for (char& c : expected)
    if (lowercase && c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  ASSERT_EQ(key.bytes(), expected);
  expected.resize(WordKey::kLongest);
  ASSERT_EQ(key.blocks, key_of(expected.data(), length).blocks);
}

TEST(AsciiRun, EqualsALoopOverBytes) {
  std::mt19937 random(1);
  for (int last = 0; last < 256; ++last)
    for (size_t length = 0; length < 30; ++length) {
      std::string text;
      while (text.size() < length) text += "azAZ09mM"[random() % 8];
      text += static_cast<char>(last);
      if (last % 2) text += "aB";
      expect_plain(text, Alphanumeric{true}, is_alphanumeric, true);
      expect_plain(text, Alphanumeric{false}, is_alphanumeric, false);
      expect_plain(text, Printed(), is_printed, false);
    }
  expect_plain("", Printed(), is_printed, false);
}

TEST(UsualUtf8, EqualsTheDecoderOnAllBytesOfALead) {
  for (int first = 0; first < 256; ++first)
    for (int second = 0; second < 256; ++second)
      for (const int third : {0x00, 0x7F, 0x80, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF})
        for (size_t size = 1; size <= 4; ++size) {
          const char bytes[] = {static_cast<char>(first), static_cast<char>(second), static_cast<char>(third), '\x80'};
          const utf8::Decoded fast = decode({bytes, size}, 0), plain = utf8::decode({bytes, size}, 0);
          ASSERT_EQ(fast.code_point, plain.code_point);
          ASSERT_EQ(fast.bytes, plain.bytes);
          ASSERT_EQ(fast.valid, plain.valid);
        }
}

}  // namespace
}  // namespace attune::text
