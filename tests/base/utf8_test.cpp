#include "attune/base/utf8.h"

#include <gtest/gtest.h>

namespace attune::utf8 {
namespace {

TEST(Utf8, RoundTripOfEveryCodePoint) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::string text;
    append(text, c);
    const Decoded one = decode(text, 0);
    ASSERT_TRUE(one.valid) << std::hex << static_cast<uint32_t>(c);
    ASSERT_EQ(one.code_point, c);
    ASSERT_EQ(one.bytes, static_cast<int>(text.size()));
  }
}

TEST(Utf8, InlineDecoderEqualsTheOtherOnAllBytesOfALead) {
  for (int first = 0; first < 256; ++first)
    for (int second = 0; second < 256; ++second)
      for (const int third : {0x00, 0x7F, 0x80, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF})
        for (size_t size = 1; size <= 4; ++size) {
          const char bytes[] = {static_cast<char>(first), static_cast<char>(second), static_cast<char>(third), '\x80'};
          const Decoded fast = decode_inline({bytes, size}, 0), plain = decode({bytes, size}, 0);
          ASSERT_EQ(fast.code_point, plain.code_point);
          ASSERT_EQ(fast.bytes, plain.bytes);
          ASSERT_EQ(fast.valid, plain.valid);
        }
}

struct Bad {
  const char* bytes;
  const char* repaired;  // one U+FFFD for each maximal subpart (Unicode 15, table 3-8 to 3-11)
};

TEST(Utf8, InvalidFormsAreRepairedByMaximalSubpart) {
  const Bad cases[] = {
      {"\x80", "\uFFFD"},
      {"\xC0\xAF", "\uFFFD\uFFFD"},                      // overlong
      {"\xE0\x9F\x80", "\uFFFD\uFFFD\uFFFD"},            // overlong
      {"\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD"},            // surrogate
      {"\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},  // above U+10FFFF
      {"\xF5\x80", "\uFFFD\uFFFD"},
      {"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF"
       "A",
       "\uFFFD\uFFFD\uFFFD\uFFFD"
       "A"},                     // table 3-11
      {"a\xE4\xB8", "a\uFFFD"},  // cut off
      {"\xE4\xB8"
       "b",
       "\uFFFD"
       "b"},
      {"\xFF", "\uFFFD"},
  };
  for (const auto& [bytes, expected] : cases) {
    EXPECT_EQ(repaired(bytes), expected) << bytes;
    EXPECT_TRUE(first_invalid(bytes).has_value()) << bytes;
  }
}

TEST(Utf8, FirstInvalidAndLength) {
  EXPECT_EQ(first_invalid("h\u00e9\u4f60\U0001F600"), std::nullopt);
  EXPECT_EQ(first_invalid("\u4f60\xff"), 3u);
  EXPECT_EQ(first_invalid(""), std::nullopt);
  EXPECT_EQ(length("h\u00e9\u4f60\U0001F600"), 4u);
  EXPECT_EQ(length("\xE4\xB8"
                   "b\xff"),
            3u);
  EXPECT_EQ(length(std::string_view("\0a", 2)), 2u);
  EXPECT_EQ(repaired("h\u00e9"), "h\u00e9");
}

}  // namespace
}  // namespace attune::utf8
