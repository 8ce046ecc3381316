// The one-pass forms (bert_words.h, mark_words.h) equal the plain stages, on texts that try to tell them apart.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <random>

#include "attune/text/pipeline.h"

#include "tests/text/folders.h"
#include "tests/text/hostile_texts.h"

namespace attune::text {
namespace {

constexpr const char* kWordPiece = R"("model": {"type": "WordPiece", "max_input_chars_per_word": 40, "vocab": {
  "[UNK]": 0, "a": 1, "##a": 2, "##b": 3, "e": 4, "[MASK]": 5, "中": 6, ".": 7, "##é": 8, "é": 9, "##가": 10, "ᄀ": 11,
  "the": 12, "##x": 13, "x": 14, "##the": 15, "，": 16, "b": 17, "##1": 18, "1": 19, "я": 20, "##я": 21}})";
constexpr const char* kUnigram = R"("model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["▁", -2],
  ["a", -3], ["▁a", -4], ["ab", -4.5], ["é", -5], ["中", -6], ["▁中", -6.5], ["the", -5], ["▁the", -5.25], ["x", -4],
  [",", -3], ["1", -4.5], ["中文", -7], ["fi", -5], ["b", -3.25], ["f", -4], ["i", -4], ["가", -6], ["°C", -6]]})";

// The stages of tokenizer.json, and the same with a normalizer that changes nothing but says of no character that it
// stays what it is: this turns the one-pass form off.
struct Both {
  Both(const std::string& normalizers, const std::string& pre_tokenizer, const std::string& model)
      : fast(make(normalizers, pre_tokenizer, model)),
        plain(make(normalizers + (normalizers.empty() ? "" : ", ") + R"({"type": "Prepend", "prepend": ""})",
                   pre_tokenizer, model)) {}

  static Pipeline make(const std::string& normalizers, const std::string& pre_tokenizer, const std::string& model) {
    // A single normalizer stands by itself: so BERT's is known for what it is.
    const bool alone = normalizers.find("}, {") == std::string::npos && !normalizers.empty();
    const std::string whole = alone ? normalizers : R"({"type": "Sequence", "normalizers": [)" + normalizers + "]}";
    return Pipeline(parse_tokenizer_json(
        R"({"added_tokens": [{"content": "[MASK]", "lstrip": true, "special": true, "normalized": false}], )"
        R"("normalizer": )" +
        whole + R"(, "pre_tokenizer": )" + pre_tokenizer + ", " + model + "}"));
  }

  void expect_equal(const std::string& text) const { ASSERT_EQ(numbers(fast, text), numbers(plain, text)) << text; }

  Pipeline fast, plain;
};

const std::string kBertPreTokenizer = R"({"type": "BertPreTokenizer"})", kMetaspace = R"({"type": "Metaspace"})",
                  kMerge = R"({"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "})",
                  kSplitThenMark =
                      R"({"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Metaspace"}]})";

std::string precompiled() {
  std::ifstream file(golden() / "precompiled" / "tokenizer.json");
  return nlohmann::json::parse(file)["normalizer"]["normalizers"][0].dump();
}

std::vector<Both> all_kinds() {
  std::vector<Both> kinds;
  kinds.emplace_back(R"({"type": "BertNormalizer"})", kBertPreTokenizer, kWordPiece);
  kinds.emplace_back(R"({"type": "BertNormalizer", "lowercase": false, "clean_text": false})", kBertPreTokenizer,
                     kWordPiece);
  kinds.emplace_back(R"({"type": "BertNormalizer", "strip_accents": false, "handle_chinese_chars": false})",
                     kBertPreTokenizer, kWordPiece);
  kinds.emplace_back(R"({"type": "NFKC"}, )" + kMerge, kMetaspace, kUnigram);
  kinds.emplace_back(R"({"type": "NFD"}, {"type": "Lowercase"}, {"type": "StripAccents"})", kMetaspace, kUnigram);
  kinds.emplace_back(kMerge + R"(, {"type": "NFC"})", kMetaspace, kUnigram);
  kinds.emplace_back(R"({"type": "Strip"}, {"type": "NFKD"})", kSplitThenMark, kUnigram);
  kinds.emplace_back(precompiled() + ", " + kMerge, kMetaspace, kUnigram);
  kinds.emplace_back(precompiled() + R"(, {"type": "Strip"})", kSplitThenMark, kUnigram);
  kinds.emplace_back("", kMetaspace, kWordPiece);
  return kinds;
}

TEST(OnePass, HostileTexts) {
  for (const Both& both : all_kinds()) {
    HostileTexts texts(11);
    for (int i = 0; i < 1000; ++i) both.expect_equal(texts.next());
  }
}

// How far to go from `c`: long stretches of characters that behave alike are only touched here and there.
char32_t step_from(char32_t c) {
  const bool han = (c >= 0x3400 && c < 0x9F00) || (c >= 0x20000 && c < 0x2F700) || (c >= 0x30000 && c < 0x32000);
  const bool hangul = c >= 0xAC00 && c < 0xD700, tangut = c >= 0x17000 && c < 0x18C00;
  const bool unassigned = (c >= 0x32000 && c < 0xDFF00) || c >= 0xE0200;
  return unassigned ? 4099 : han ? 37 : hangul || tangut ? 19 : c >= 0x10000 ? 3 : 1;
}

TEST(OnePass, EachCodePoint) {
  for (const Both& both : all_kinds()) {
    std::string text;
    int count = 0;
    for (char32_t c = 0; c < 0x110000; c += step_from(c)) {
      if (c >= 0xD800 && c < 0xE000) continue;
      std::string one;
      utf8::append(one, c);
      text += "a" + one + " " + one + "x" + one + one + " ";
      // Few at a time: one character that needs the plain stages takes all of its text with it.
      if (++count % 4 == 0) both.expect_equal(text), text.clear();
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

TEST(OnePass, BytesThatAreNotUtf8) {
  std::mt19937 random(3);
  const std::string parts[] = {"\xFF",
                               "\xE4\xB8",
                               "\xE4",
                               "\xF0\x9F\x98",
                               "\xED\xA0\x80",
                               "\xC0\xAF",
                               "\xE0\x9F\xBF",
                               "\x80",
                               "a",
                               " ",
                               "the",
                               "中",
                               "é",
                               ".",
                               std::string(1, '\0'),
                               "\xF4\x90\x80\x80"};
  for (const Both& both : all_kinds())
    for (int i = 0; i < 2000; ++i) {
      std::string text;
      for (size_t n = random() % 8; n > 0; --n) text += parts[random() % std::size(parts)];
      both.expect_equal(text);
    }
}

// Around the longest remembered word, the longest word, and where a text ends within eight bytes.
TEST(OnePass, WordsOfEachLength) {
  for (const Both& both : all_kinds())
    for (const std::string unit : {"a", "A", "1", "é", "中", "я", "~", "ab", "가", "\xEF\xBC\xA1"})
      for (size_t count = 0; count < 60; ++count) {
        std::string word;
        for (size_t i = 0; i < count; ++i) word += unit;
        for (const std::string& text :
             std::initializer_list<std::string>{word, word + " ", " " + word, word + "." + word, "the " + word + "é",
                                                word + "\t" + word, word + "  [MASK]" + word})
          both.expect_equal(text);
      }
}

TEST(OnePass, SpacesAndMarks) {
  std::mt19937 random(5);
  const std::string parts[] = {" ",  " ", "\u2581", "\u3000", "\u00A0", "\t",    "\n",
                               "\r", "a", "中",     "[MASK]", "\u200b", "\u00a8"};
  for (const Both& both : all_kinds())
    for (int i = 0; i < 4000; ++i) {
      std::string text;
      for (size_t n = random() % 9; n > 0; --n) text += parts[random() % std::size(parts)];
      both.expect_equal(text);
    }
}

// Characters that join with the one before them though they are no marks, and what they join with; and clusters.
TEST(OnePass, Joins) {
  std::mt19937 random(6);
  const std::string parts[] = {"\u1100", "\u1112", "\u1161", "\u1175", "\u11a8", "\u11c2", "\uac00", "\u09c7", "\u09be",
                               "\u0b47", "\u0b3e", "\u0b57", "\u0bc6", "\u0bbe", "\u0bd7", "\u0cc6", "\u0cc2", "\u0dd9",
                               "\u0dcf", "\u1025", "\u102e", "\u1b05", "\u1b35", "e",      "\u0301", "\r",     "\n",
                               "\u200d", "👩",      "👧",      "🇨",      "🇳",      "क",      "\u094d", "\u0600", " "};
  for (const Both& both : all_kinds())
    for (int i = 0; i < 5000; ++i) {
      std::string text;
      for (size_t n = 1 + random() % 4; n > 0; --n) text += parts[random() % std::size(parts)];
      both.expect_equal(text);
    }
}

// More words than the table of remembered ones has places for, by two models in turn.
TEST(OnePass, RememberedWordsStayApart) {
  const std::vector<Both> kinds = all_kinds();
  std::mt19937 random(9);
  std::vector<std::string> texts(60000);
  for (std::string& text : texts)
    for (size_t n = 1 + random() % 12; n > 0; --n) text += "ab1x"[random() % 4];
  for (int round = 0; round < 2; ++round)
    for (const std::string& text : texts)
      for (const size_t kind : {0, 3}) kinds[kind].expect_equal(text);
}

}  // namespace
}  // namespace attune::text
