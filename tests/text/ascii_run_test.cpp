#include "attune/text/ascii_run.h"

#include <gtest/gtest.h>
#include <random>
#include <string>

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

}  // namespace
}  // namespace attune::text
