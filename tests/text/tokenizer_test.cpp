#include "attune/text/tokenizer.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <thread>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/text/vocabulary_scan.h"

#include "tests/text/folders.h"
#include "tests/text/hostile_texts.h"

namespace attune::text {
namespace {

constexpr const char* kVocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nun\n##able\nable\na\nb\n.\n\xE4\xB8\xAD\n";
constexpr const char* kModel =
    R"("model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": {"[UNK]": 0, "a": 1, "##b": 2, "foo": 3}})";
constexpr const char* kBert =
    R"("normalizer": {"type": "BertNormalizer"}, "pre_tokenizer": {"type": "BertPreTokenizer"})";

std::vector<int32_t> ids(const Tokenizer& tokenizer, std::string_view text) {
  std::vector<int32_t> flat = numbers(tokenizer, text), out;
  for (size_t i = 0; i < flat.size(); i += 3) out.push_back(flat[i]);
  return out;
}

std::string json_of(const std::string& members) {
  return "{" + members + "}";
}

// The message of the error that loading a folder of these files throws.
std::string error_of(const Files& files) {
  const Folder folder(files);
  try {
    Tokenizer::load(folder.path());
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::model);
    EXPECT_NE(std::string(error.what()).find(folder.path().string()), std::string::npos) << error.what();
    return error.message();
  }
  return "no error";
}

::testing::AssertionResult says(const std::string& message, const std::string& part) {
  if (message.find(part) != std::string::npos) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "'" << message << "' does not say '" << part << "'";
}

TEST(Tokenizer, LoadsAVocabularyFolder) {
  const Folder folder(Files{{"vocab.txt", kVocabulary}});
  const auto tokenizer = Tokenizer::load(folder.path());
  EXPECT_EQ(tokenizer->vocabulary_size(), 12);
  EXPECT_EQ(tokenizer->special().pad, 0);
  EXPECT_EQ(tokenizer->special().unk, 1);
  EXPECT_EQ(tokenizer->special().cls, 2);
  EXPECT_EQ(tokenizer->special().sep, 3);
  EXPECT_EQ(tokenizer->special().mask, 4);
  EXPECT_EQ(tokenizer->token(6), "##able");
  EXPECT_FALSE(tokenizer->marks_spaces());
  EXPECT_EQ(tokenizer->files(), std::vector<std::string>{"vocab.txt"});
  EXPECT_TRUE(tokenizer->ignored_settings().empty());
  EXPECT_EQ(numbers(*tokenizer, "Unable \xC3\x81.\xE4\xB8\xAD"),
            (std::vector<int32_t>{5, 0, 2, 6, 2, 6, 8, 7, 8, 10, 8, 9, 11, 9, 10}));
  EXPECT_THROW(tokenizer->token(12), Error);
  EXPECT_THROW(tokenizer->token(-1), Error);
}

TEST(Tokenizer, AppendsAndLeavesWhatIsThere) {
  const Folder folder(Files{{"vocab.txt", kVocabulary}});
  std::vector<Piece> pieces = {{42, 1, 2}};
  Tokenizer::load(folder.path())->encode("a", pieces);
  ASSERT_EQ(pieces.size(), 2U);
  EXPECT_EQ(pieces[0].id, 42);
  EXPECT_EQ(pieces[1].id, 8);
}

TEST(Tokenizer, WindowsLineEndsInTheVocabularyAreNoPartOfIt) {
  const Folder folder(Files{{"vocab.txt", "[UNK]\r\na\r\n"}});
  EXPECT_EQ(ids(*Tokenizer::load(folder.path()), "a"), std::vector<int32_t>{1});
}

TEST(Tokenizer, CaseAndAccentsFollowTheConfiguration) {
  const Folder folder(Files{{"vocab.txt", kVocabulary}, {"tokenizer_config.json", R"({"do_lower_case": false})"}});
  const auto cased = Tokenizer::load(folder.path());
  EXPECT_EQ(ids(*cased, "A a \xC3\xA1"), (std::vector<int32_t>{1, 8, 1}));
  const Folder stripped(Files{{"vocab.txt", kVocabulary},
                              {"tokenizer_config.json", R"({"do_lower_case": false, "strip_accents": true})"}});
  EXPECT_EQ(ids(*Tokenizer::load(stripped.path()), "A a \xC3\xA1"), (std::vector<int32_t>{1, 8, 8}));
}

TEST(Tokenizer, InvalidBytesCountAsOneReplacementCharacterEach) {
  const Folder folder(Files{{"vocab.txt", kVocabulary}});
  const auto tokenizer = Tokenizer::load(folder.path());
  // U+FFFD is dropped by clean_text, but it is a code point of the text.
  EXPECT_EQ(numbers(*tokenizer, "a \xFF\xFE b\xE4\xB8"), (std::vector<int32_t>{8, 0, 1, 9, 5, 6}));
  EXPECT_EQ(numbers(*tokenizer, "a \xFF\xFE b\xE4\xB8"),
            numbers(*tokenizer, "a \xEF\xBF\xBD\xEF\xBF\xBD b\xEF\xBF\xBD"));
  EXPECT_TRUE(numbers(*tokenizer, "\xFF").empty());
}

TEST(Tokenizer, AWordOfMoreThanAHundredCharactersIsUnknown) {
  const Folder folder(Files{{"vocab.txt", "[UNK]\na\n##a\n"}});
  const auto tokenizer = Tokenizer::load(folder.path());
  EXPECT_EQ(ids(*tokenizer, std::string(100, 'a')).size(), 100U);
  EXPECT_EQ(numbers(*tokenizer, "a " + std::string(101, 'a')), (std::vector<int32_t>{1, 0, 1, 0, 2, 103}));
}

TEST(Tokenizer, AddedTokensTakeSpacesAndRespectWords) {
  const std::string added = R"("added_tokens": [
    {"content": "<x>", "lstrip": true, "rstrip": true, "normalized": false, "special": true},
    {"content": "foo", "single_word": true, "normalized": false, "special": false}])";
  const Folder folder(Files{{"tokenizer.json", json_of(added + "," + kBert + "," + kModel)}});
  const auto tokenizer = Tokenizer::load(folder.path());
  EXPECT_EQ(tokenizer->vocabulary_size(), 5);
  EXPECT_EQ(tokenizer->token(4), "<x>");
  EXPECT_EQ(numbers(*tokenizer, "a  <x> ab"), (std::vector<int32_t>{1, 0, 1, 4, 1, 7, 1, 7, 8, 2, 8, 9}));
  EXPECT_EQ(numbers(*tokenizer, "foo FOO foob"), (std::vector<int32_t>{3, 0, 3, 3, 4, 7, 3, 8, 11, 2, 11, 12}));
}

TEST(Tokenizer, SpecialTokensOfATextAreSpecial) {
  const Folder folder(Files{{"vocab.txt", kVocabulary}});
  EXPECT_EQ(ids(*Tokenizer::load(folder.path()), "a[MASK]b [sep]"), (std::vector<int32_t>{8, 4, 9, 1, 1, 1}));
}

TEST(Tokenizer, TruncationAndPaddingAreReportedAndNotUsed) {
  const std::string settings = R"("truncation": {"max_length": 2}, "padding": {"strategy": {"Fixed": 128}})";
  const Folder folder(Files{{"tokenizer.json", json_of(settings + "," + kBert + "," + kModel)}});
  const auto tokenizer = Tokenizer::load(folder.path());
  ASSERT_EQ(tokenizer->ignored_settings().size(), 2U);
  EXPECT_TRUE(says(tokenizer->ignored_settings()[0], "truncates to 2 tokens"));
  EXPECT_TRUE(says(tokenizer->ignored_settings()[1], "pads"));
  EXPECT_EQ(ids(*tokenizer, "a a a").size(), 3U);
}

TEST(Tokenizer, MetaspaceMarksSpaces) {
  const auto tokenizer = Tokenizer::load(golden() / "unigram");
  EXPECT_TRUE(tokenizer->marks_spaces());
  EXPECT_EQ(tokenizer->special().cls, 0);
  EXPECT_EQ(tokenizer->special().sep, 2);
  EXPECT_EQ(tokenizer->special().unk, 3);
}

// What threads make on demand and what they remember: the same from whichever thread comes first.
TEST(Tokenizer, ThreadsShareOne) {
  const Folder bert(Files{});
  bert.copy(golden() / "vocab.txt");
  for (const auto& folder : {golden() / "unigram", bert.path()}) {
    const auto tokenizer = Tokenizer::load(folder);
    const auto hash = [&] {
      HostileTexts texts(5);
      size_t value = 0;
      for (int i = 0; i < 1000; ++i)
        for (const int32_t number : numbers(*tokenizer, texts.next())) value = value * 31 + static_cast<size_t>(number);
      return value;
    };
    size_t first = 0, second = 0;
    std::thread a([&] { first = hash(); }), b([&] { second = hash(); });
    a.join();
    b.join();
    EXPECT_EQ(first, second);
    EXPECT_EQ(first, hash());
  }
}

void expect_same_pieces(const Tokenizer& a, const Tokenizer& b) {
  ASSERT_EQ(a.vocabulary_size(), b.vocabulary_size());
  for (int32_t id = 0; id < a.vocabulary_size(); ++id) ASSERT_EQ(a.token(id), b.token(id));
  HostileTexts texts(3);
  for (int i = 0; i < 1000; ++i) {
    const std::string text = texts.next();
    ASSERT_EQ(numbers(a, text), numbers(b, text)) << text;
  }
}

// A score in a form that the vocabulary's own reader leaves alone, so that the general one reads all of it.
TEST(Tokenizer, BothReadersOfAScoredVocabularyAgree) {
  std::string document = read_file(golden() / "unigram" / "tokenizer.json");
  const Folder scanned(Files{{"tokenizer.json", document}});
  const size_t at = document.find("-2.5\n");
  ASSERT_NE(at, std::string::npos);
  document.replace(at, 4, "-25e-1");
  EXPECT_FALSE(scan_vocabulary(document));
  const Folder general(Files{{"tokenizer.json", document}});
  expect_same_pieces(*Tokenizer::load(scanned.path()), *Tokenizer::load(general.path()));
}

// vocab.txt, and the same as a JSON object in the order of the pieces and with escapes.
TEST(Tokenizer, LinesAndJsonOfAVocabularyAgree) {
  const Folder lines(Files{});
  lines.copy(golden() / "vocab.txt");
  const auto by_line = Tokenizer::load(lines.path());
  nlohmann::json document = nlohmann::json::parse(json_of(std::string(kBert) + "," + kModel));
  document["model"]["vocab"].clear();
  for (int32_t id = 0; id < by_line->vocabulary_size(); ++id)
    document["model"]["vocab"][std::string(by_line->token(id))] = id;
  document["added_tokens"] = nlohmann::json::array();
  for (const char* content : {"[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"})
    document["added_tokens"].push_back({{"content", content}, {"special", true}, {"normalized", false}});
  const std::string bytes = document.dump(-1, ' ', true);
  EXPECT_TRUE(scan_vocabulary(bytes));
  const Folder json(Files{{"tokenizer.json", bytes}});
  expect_same_pieces(*by_line, *Tokenizer::load(json.path()));
}

TEST(TokenizerErrors, NoVocabulary) {
  EXPECT_TRUE(says(error_of({}), "neither tokenizer.json nor vocab.txt"));
  EXPECT_TRUE(says(error_of({{"vocab.txt", ""}}), "vocab.txt is empty"));
  EXPECT_TRUE(says(error_of({{"tokenizer.json", R"({"model": {"type": "WordPiece"}})"}}), "needs 'vocab'"));
  EXPECT_TRUE(says(error_of({{"tokenizer.json", "{}"}}), "'model' should be an object"));
}

TEST(TokenizerErrors, UnknownPiece) {
  EXPECT_TRUE(says(error_of({{"vocab.txt", "a\nb\n"}}), "no unknown piece '[UNK]'"));
  EXPECT_TRUE(says(error_of({{"vocab.txt", "[UNK]\na\n[UNK]\n"}}), "twice, on lines 1 and 3"));
  EXPECT_TRUE(
      says(error_of({{"tokenizer.json", R"({"model": {"type": "Unigram", "unk_id": 3, "vocab": [["a", 0]]}})"}}),
           "'unk_id' is 3"));
}

TEST(TokenizerErrors, BrokenJson) {
  EXPECT_TRUE(says(error_of({{"tokenizer.json", "{\"model\": "}}), "tokenizer.json line 1"));
  EXPECT_TRUE(says(error_of({{"tokenizer.json", "[]"}}), "should hold an object"));
  EXPECT_TRUE(says(error_of({{"vocab.txt", kVocabulary}, {"tokenizer_config.json", "3"}}), "got 3"));
  EXPECT_TRUE(says(error_of({{"tokenizer.json", R"({"model": {"type": "WordPiece", "vocab": {"[UNK]": 0, "a": 0}}})"}}),
                   "have the same id 0"));
  EXPECT_TRUE(says(error_of({{"tokenizer.json", R"({"model": {"type": "WordPiece", "vocab": {"[UNK]": -7}}})"}}),
                   "'[UNK]' has the id -7"));
}

TEST(TokenizerErrors, UnsupportedComponentsAreNamed) {
  const auto error_with = [](const std::string& member) {
    return error_of({{"tokenizer.json", json_of(member + "," + kModel)}});
  };
  EXPECT_TRUE(says(error_of({{"tokenizer.json", R"({"model": {"type": "BPE", "vocab": {}}})"}}), "type 'BPE'"));
  EXPECT_TRUE(says(error_with(R"("normalizer": {"type": "ByteLevel"})"), "normalizer 'ByteLevel'"));
  EXPECT_TRUE(says(error_with(R"("pre_tokenizer": {"type": "Digits"})"), "pre-tokenizer 'Digits'"));
  EXPECT_TRUE(says(error_with(R"("normalizer": {"type": "Replace", "pattern": {"Regex": "a|b"}, "content": ""})"),
                   "regular expression 'a|b'"));
  EXPECT_TRUE(says(error_with(R"("normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAA"})"), "cut off"));
  EXPECT_TRUE(says(error_with(R"("normalizer": {"type": "BertNormalizer", "lowercase": "yes"})"),
                   "'lowercase' should be true or false"));
}

}  // namespace
}  // namespace attune::text
