// Every id and every offset equals the reference's: golden strings, and hash chains over many more.
#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "attune/text/tokenizer.h"

#include "tests/text/folders.h"
#include "tests/text/hostile_texts.h"

namespace attune::text {
namespace {

void mix(uint64_t& hash, const void* data, size_t size) {  // FNV-1a
  for (size_t i = 0; i < size; ++i) hash = (hash ^ static_cast<const unsigned char*>(data)[i]) * 0x100000001B3;
}

void check_chain(const Tokenizer& tokenizer, const nlohmann::json& chain) {
  HostileTexts texts(chain["seed"].get<uint64_t>());
  uint64_t of_texts = 0xCBF29CE484222325, of_pieces = of_texts;
  for (int64_t i = 0; i < chain["count"].get<int64_t>(); ++i) {
    const std::string text = texts.next();
    const std::vector<int32_t> pieces = numbers(tokenizer, text);
    const auto count = static_cast<int32_t>(pieces.size() / 3);
    mix(of_texts, text.data(), text.size());
    mix(of_pieces, &count, sizeof count);
    mix(of_pieces, pieces.data(), pieces.size() * sizeof(int32_t));
  }
  ASSERT_EQ(std::to_string(of_texts), chain["texts"]) << "the generators in C++ and Python differ";
  EXPECT_EQ(std::to_string(of_pieces), chain["pieces"]);
}

void check(const Tokenizer& tokenizer, const std::string& name) {
  std::ifstream file(golden() / name / "golden.jsonl");
  std::string line;
  ASSERT_TRUE(std::getline(file, line));
  const nlohmann::json head = nlohmann::json::parse(line);
  int rows = 0;
  for (; std::getline(file, line); ++rows) {
    const nlohmann::json row = nlohmann::json::parse(line);
    EXPECT_EQ(numbers(tokenizer, row["text"].get<std::string>()), row["pieces"].get<std::vector<int32_t>>()) << line;
  }
  EXPECT_EQ(rows, 125);
  check_chain(tokenizer, head["chain"]);
}

TEST(Reference, UncasedWordPiece) {
  const Folder folder(Files{});
  folder.copy(golden() / "vocab.txt");
  check(*Tokenizer::load(folder.path()), "uncased");
}

TEST(Reference, CasedWordPieceWithoutChineseApart) {
  const Folder folder(Files{{"tokenizer_config.json", R"({"do_lower_case": false, "tokenize_chinese_chars": false})"}});
  folder.copy(golden() / "vocab.txt");
  check(*Tokenizer::load(folder.path()), "cased");
}

TEST(Reference, UnigramWithNfkc) {
  check(*Tokenizer::load(golden() / "unigram"), "unigram");
}

TEST(Reference, UnigramWithPrecompiledMap) {
  check(*Tokenizer::load(golden() / "precompiled"), "precompiled");
}

// A token that is looked for in normalised text turns the one-pass form off: the plain stages must give the same.
TEST(Reference, PlainStagesEqualTheOnePassForm) {
  const Folder folder(Files{
      {"tokenizer_config.json", R"({"added_tokens_decoder": {"1": {"content": "[unused0]", "normalized": true}}})"}});
  folder.copy(golden() / "vocab.txt");
  check(*Tokenizer::load(folder.path()), "uncased");
}

}  // namespace
}  // namespace attune::text
