#include "attune/data/word_pieces.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "attune/data/words.h"

#include "tests/data/tokenizers.h"

namespace attune::data {
namespace {

Example of_words(std::vector<std::string> words) {
  Example example;
  example.words = std::move(words);
  example.text = join_words(example.words, example.word_spans);
  return example;
}

// Pieces by unit: "a ##b | c |" (the label's piece is marked with *; "x2" where two characters share a piece).
std::string shown(const text::Tokenizer& tokenizer, const SentencePieces& pieces) {
  std::string text;
  for (size_t u = 0; u < pieces.units(); ++u) {
    for (int32_t p = pieces.starts[u]; p < pieces.starts[u + 1]; ++p) {
      text += std::string(tokenizer.token(pieces.ids[static_cast<size_t>(p)])) + (p == pieces.label_at[u] ? "* " : " ");
    }
    text += pieces.words_in(u) > 1 ? fmt::format("x{} | ", pieces.words_in(u)) : "| ";
  }
  return text;
}

std::string encoded(const text::Tokenizer& tokenizer, const Example& example) {
  WordEncoder encoder(tokenizer);
  SentencePieces pieces;
  encoder.encode(example, pieces);
  EXPECT_EQ(pieces.starts.size(), pieces.units() + 1);
  EXPECT_EQ(pieces.words.size(), pieces.units() + 1);
  EXPECT_EQ(pieces.words.back(), static_cast<int32_t>(example.words.size()));
  const std::string first = shown(tokenizer, pieces);
  encoder.encode(example, pieces);  // what it remembers changes nothing
  EXPECT_EQ(shown(tokenizer, pieces), first);
  return first;
}

TEST(WordEncoder, WordsOneByOneLabelOnTheFirstPiece) {
  const WordTokenizer tokenizer({"play", "##ing", "in", "Rome"});
  EXPECT_EQ(encoded(tokenizer, of_words({"playing", " ", "in", "Rome"})), "play* ##ing | | in* | Rome* | ");
  EXPECT_EQ(encoded(tokenizer, of_words({})), "");
}

TEST(WordEncoder, CharactersShareThePiecesOfTheTextAsItStood) {
  const SpaceTokenizer tokenizer({"\xE2\x96\x81", "浙商", "银行", "浙", "商", "银", "行", "的"});
  EXPECT_EQ(encoded(tokenizer, of_words({"浙", "商", "银", "行", "的"})), "\xE2\x96\x81 浙商* x2 | 银行* x2 | 的* | ");
  const SpaceTokenizer latin({"\xE2\x96\x81iph", "one", "\xE2\x96\x81", "4", "3"});  // also inside Latin words
  EXPECT_EQ(encoded(latin, of_words({"i", "p", "h", "o", "n", "e", "4", "3"})),
            "\xE2\x96\x81iph* x3 | one* x3 | 4* | 3* | ");
}

TEST(WordEncoder, PunctuationSharesNoPiece) {
  // The book's name would lose its closing mark to the comma.
  const SpaceTokenizer tokenizer({"\xE2\x96\x81", "红楼", "》，", "》", "，", "红", "楼"});
  EXPECT_EQ(encoded(tokenizer, of_words({"红", "楼", "》", "，"})), "\xE2\x96\x81 红楼* x2 | 》* | ，* | ");
}

TEST(WordEncoder, LongerWordsShareNoPiece) {
  // "银行行" spans the words 银行 and 行: both are encoded alone. So are single letters with a space between.
  const SpaceTokenizer tokenizer({"\xE2\x96\x81", "银行行", "银行", "行", "a", "b",
                                  "a\xE2\x96\x81"
                                  "b"});
  EXPECT_EQ(encoded(tokenizer, of_words({"银行", "行"})), "\xE2\x96\x81 银行* | 行* | ");
  Example spaced;
  spaced.text = "a b";
  split_words(spaced.text, spaced.words, spaced.word_spans);
  EXPECT_EQ(encoded(tokenizer, spaced), "\xE2\x96\x81 a* | \xE2\x96\x81 b* | ");
}

TEST(WordEncoder, PiecesInsideOneWordStayWhole) {
  const SpaceTokenizer tokenizer({"\xE2\x96\x81", "浙商", "银行", "行"});
  EXPECT_EQ(encoded(tokenizer, of_words({"浙商", "银行", "行"})), "\xE2\x96\x81 浙商* | 银行* | 行* | ");
}

TEST(WordEncoder, SpacesThatStoodThereStay) {
  const SpaceTokenizer tokenizer({"\xE2\x96\x81New", "\xE2\x96\x81York", "York", "去", "\xE2\x96\x81", "了", "s"});
  EXPECT_EQ(encoded(tokenizer, of_words({"New", "York"})), "\xE2\x96\x81New* | \xE2\x96\x81York* | ");
  EXPECT_EQ(encoded(tokenizer, of_words({"去", "York", "了"})), "\xE2\x96\x81 去* | York* | 了* | ");
}

TEST(WordEncoder, APieceWithMarkTakenApartLosesItWhereNoSpaceStood) {
  // "▁a-" spans both words. Alone, "-" encodes as "▁-": the vocabulary's "-" takes its place.
  const std::string mark = "\xE2\x96\x81";
  const SpaceTokenizer tokenizer({mark + "a-", mark + "a", mark + "-", "-"});
  EXPECT_EQ(encoded(tokenizer, of_words({"a", "-"})), mark + "a* | -* | ");
  const SpaceTokenizer lacking({mark + "a-", mark + "a", mark + "-"});
  EXPECT_EQ(encoded(lacking, of_words({"a", "-"})), mark + "a* | " + mark + "-* | ");
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
  EXPECT_EQ(encoded(tokenizer, of_words({"x", "?", "x"})), "\xE2\x96\x81 x* | [UNK]* | x* | ");
}

}  // namespace
}  // namespace attune::data
