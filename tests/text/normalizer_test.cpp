#include "attune/text/normalizer.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "attune/base/error.h"
#include "attune/text/charsmap.h"
#include "attune/text/graphemes.h"
#include "attune/text/unicode.h"

namespace attune::text {
namespace {

// What the normalizer makes of `text`, and where each character came from, as "bytes|begin-end begin-end ...".
std::string normalized(const char* normalizer, std::string_view text) {
  AlignedText all = aligned(text, 0);
  make_normalizer(nlohmann::json::parse(normalizer))->apply(all);
  std::string out;
  all.to_utf8(out, nullptr);
  out += '|';
  for (const AlignedChar& one : all.chars) out += std::to_string(one.begin) + "-" + std::to_string(one.end) + " ";
  return out;
}

TEST(Normalizer, FormsKeepTheOrigin) {
  EXPECT_EQ(normalized(R"({"type": "NFD"})", "\u00e9x"), "e\u0301x|0-1 0-1 1-2 ");
  EXPECT_EQ(normalized(R"({"type": "NFC"})", "e\u0301x"), "\u00e9x|0-1 2-3 ");
  EXPECT_EQ(normalized(R"({"type": "NFKC"})", "\ufb01\u2460"), "fi1|0-1 0-1 1-2 ");
  EXPECT_EQ(normalized(R"({"type": "NFKD"})", "\ud55c"), "\u1112\u1161\u11ab|0-1 0-1 0-1 ");
  EXPECT_EQ(normalized(R"({"type": "NFC"})", "\u1112\u1161\u11ab"), "\ud55c|0-1 ");
  EXPECT_EQ(normalized(R"({"type": "NFC"})", "a\u0315\u0300"), "\u00e0\u0315|0-1 2-3 ")
      << "marks in order, then joined";
}

TEST(Normalizer, StripAndReplace) {
  EXPECT_EQ(normalized(R"({"type": "Strip"})", " \u3000a b "), "a b|2-3 3-4 4-5 ");
  EXPECT_EQ(normalized(R"({"type": "Strip", "strip_left": false})", " a "), " a|0-1 1-2 ");
  EXPECT_EQ(normalized(R"({"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "})", "a   b c"),
            "a b c|0-1 3-4 4-5 5-6 6-7 ");
  EXPECT_EQ(normalized(R"({"type": "Replace", "pattern": {"Regex": "a{2,3}ab"}, "content": "!"})", "xaaaab"),
            "x!|0-1 5-6 ");
  EXPECT_EQ(normalized(R"({"type": "Replace", "pattern": {"Regex": "[\\s.]+"}, "content": ""})", " .\tq.\n"), "q|3-4 ");
  EXPECT_EQ(normalized(R"({"type": "Replace", "pattern": {"String": "ab"}, "content": "xyz"})", "aabab"),
            "axyzxyz|0-1 2-3 2-3 2-3 4-5 4-5 4-5 ");
  for (const char* expression :
       {"a*", "a?", "(a)", "a|b", "^a", "a$", ".", "[^a]", "[a-z]", "\\d", "a{0,2}", "a+b+", "", "a{2"})
    EXPECT_THROW(make_normalizer({{"type", "Replace"}, {"pattern", {{"Regex", expression}}}, {"content", ""}}), Error)
        << expression;
}

TEST(Normalizer, SequenceInOrder) {
  EXPECT_EQ(
      normalized(R"({"type": "Sequence", "normalizers": [{"type": "Lowercase"}, {"type": "Prepend", "prepend": "B"}]})",
                 "A"),
      "Ba|0-1 0-1 ");
}

TEST(Graphemes, Clusters) {
  const auto length = [](std::string_view text) { return grapheme_length(aligned(text, 0).chars); };
  EXPECT_EQ(length("ab"), 1U);
  EXPECT_EQ(length("\r\na"), 2U);
  EXPECT_EQ(length("\n\u0301"), 1U);
  EXPECT_EQ(length("a\u0301\u0327b"), 3U);
  EXPECT_EQ(length("\u1112\u1161\u11ab\u1112"), 3U);
  EXPECT_EQ(length("\ud55c\u11ab"), 2U);
  EXPECT_EQ(length("\U0001f1e8\U0001f1f3\U0001f1e8"), 2U);
  EXPECT_EQ(length("\U0001f469\u200d\U0001f467\U0001f467"), 3U);
  EXPECT_EQ(length("\u0915\u094d\u0937\u0937"), 3U);
}

TEST(Charsmap, Base64) {
  EXPECT_EQ(decode_base64("aGVsbG8="), "hello");
  EXPECT_EQ(decode_base64("aGVsbA=="), "hell");
  EXPECT_EQ(decode_base64(""), "");
  EXPECT_THROW(decode_base64("a b="), Error);
  EXPECT_THROW(decode_base64("aGVsb"), Error);
}

TEST(Charsmap, AnyBytesAreSafe) {
  std::string bytes(4 + 64, '\xFF');
  bytes.replace(0, 4, std::string("\x40\0\0\0", 4));
  EXPECT_FALSE(Charsmap(bytes).form_of("abc").has_value());
  EXPECT_THROW(Charsmap(""), Error);
  EXPECT_THROW(Charsmap(std::string("\xFF\xFF\xFF\xFF", 4)), Error);
}

TEST(Unicode, Composition) {
  EXPECT_EQ(unicode::compose(U'e', 0x301), U'\u00e9');
  EXPECT_EQ(unicode::compose(U'e', U'f'), 0U);
  EXPECT_EQ(unicode::compose(0x1112, 0x1161), U'\ud558');
}

}  // namespace
}  // namespace attune::text
