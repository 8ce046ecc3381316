#include "attune/data/word_pieces.h"

#include <gtest/gtest.h>

#include "attune/data/words.h"

#include "tests/data/tokenizers.h"

namespace attune::data {
namespace {

Example sentence(std::vector<std::string> words) {
  Example example;
  example.words = std::move(words);
  example.text = join_words(example.words, example.word_spans);
  return example;
}

// Pieces by word: "a ##b | c |" (the label's piece is marked with *).
std::string shown(const text::Tokenizer& tokenizer, const SentencePieces& pieces) {
  std::string text;
  for (size_t w = 0; w < pieces.label_at.size(); ++w) {
    for (int32_t p = pieces.starts[w]; p < pieces.starts[w + 1]; ++p) {
      text += std::string(tokenizer.token(pieces.ids[static_cast<size_t>(p)])) + (p == pieces.label_at[w] ? "* " : " ");
    }
    text += "| ";
  }
  return text;
}

std::string encoded(const text::Tokenizer& tokenizer, const Example& example) {
  WordEncoder encoder(tokenizer);
  SentencePieces pieces;
  encoder.encode(example, pieces);
  const std::string first = shown(tokenizer, pieces);
  encoder.encode(example, pieces);  // what it remembers changes nothing
  EXPECT_EQ(shown(tokenizer, pieces), first);
  return first;
}

TEST(WordEncoder, WordsOneByOneLabelOnTheFirstPiece) {
  const WordTokenizer tokenizer({"play", "##ing", "in", "Rome"});
  EXPECT_EQ(encoded(tokenizer, sentence({"playing", " ", "in", "Rome"})), "play* ##ing | | in* | Rome* | ");
  EXPECT_EQ(encoded(tokenizer, sentence({})), "");
}

TEST(WordEncoder, JoinedCharactersGetNoSpaceMarks) {
  // The text alone would be [mark, 浙商, 银行]; pieces that span two characters are taken apart, without a mark.
  const SpaceTokenizer tokenizer({"\xE2\x96\x81", "浙商", "银行", "浙", "商", "银", "行", "的"});
  EXPECT_EQ(encoded(tokenizer, sentence({"浙", "商", "银", "行", "的"})),
            "\xE2\x96\x81 浙* | 商* | 银* | 行* | 的* | ");
}

TEST(WordEncoder, PiecesInsideOneWordStayWhole) {
  const SpaceTokenizer tokenizer({"\xE2\x96\x81", "浙商", "银行", "行"});
  EXPECT_EQ(encoded(tokenizer, sentence({"浙商", "银行", "行"})), "\xE2\x96\x81 浙商* | 银行* | 行* | ");
}

TEST(WordEncoder, SpacesThatStoodThereStay) {
  const SpaceTokenizer tokenizer({"\xE2\x96\x81New", "\xE2\x96\x81York", "York", "去", "\xE2\x96\x81", "了", "s"});
  EXPECT_EQ(encoded(tokenizer, sentence({"New", "York"})), "\xE2\x96\x81New* | \xE2\x96\x81York* | ");
  EXPECT_EQ(encoded(tokenizer, sentence({"去", "York", "了"})), "\xE2\x96\x81 去* | York* | 了* | ");
}

TEST(WordEncoder, APieceWithMarkTakenApartLosesItWhereNoSpaceStood) {
  // "▁ab" spans both words. Alone, "b" encodes as "▁b": the vocabulary's "b" takes its place.
  const SpaceTokenizer tokenizer(
      {"\xE2\x96\x81"
       "ab",
       "\xE2\x96\x81"
       "a",
       "\xE2\x96\x81"
       "b",
       "b"});
  EXPECT_EQ(encoded(tokenizer, sentence({"a", "b"})),
            "\xE2\x96\x81"
            "a* | b* | ");
  const SpaceTokenizer lacking(
      {"\xE2\x96\x81"
       "ab",
       "\xE2\x96\x81"
       "a",
       "\xE2\x96\x81"
       "b"});
  EXPECT_EQ(encoded(lacking, sentence({"a", "b"})),
            "\xE2\x96\x81"
            "a* | \xE2\x96\x81"
            "b* | ");
}

TEST(WordEncoder, ARunOfSpacesIsOneMark) {
  const SpaceTokenizer tokenizer({"\xE2\x96\x81", "a", "b"});
  Example example;
  example.text = "a        b   ";
  split_words(example.text, example.words, example.word_spans);
  EXPECT_EQ(encoded(tokenizer, example), "\xE2\x96\x81 a* | \xE2\x96\x81 b* | ");
}

TEST(WordEncoder, UnknownCharactersKeepTheirPlace) {
  const SpaceTokenizer tokenizer({"\xE2\x96\x81", "x"});
  EXPECT_EQ(encoded(tokenizer, sentence({"x", "?", "x"})), "\xE2\x96\x81 x* | [UNK]* | x* | ");
}

}  // namespace
}  // namespace attune::data
