#include "attune/data/encode.h"

#include <gtest/gtest.h>

#include "attune/data/words.h"

#include "tests/base/expect_error.h"
#include "tests/data/tokenizers.h"

namespace attune::data {
namespace {

std::vector<std::string> letters() {
  std::vector<std::string> all;
  for (char c = 'a'; c <= 'z'; ++c) all.push_back({c}), all.push_back(std::string("##") + c);
  return all;
}

const WordTokenizer& tokenizer() {
  static const WordTokenizer one(letters());
  return one;
}

Example text(std::string first) {
  Example example;
  example.text = std::move(first);
  return example;
}
Example pair(std::string first, std::string second) {
  Example example = text(std::move(first));
  example.text_pair = std::move(second);
  example.has_pair = true;
  return example;
}
Example tagged(std::vector<std::string> words, std::vector<std::string> tags = {}) {
  Example example;
  example.words = std::move(words);
  example.labels = std::move(tags);
  example.text = join_words(example.words, example.word_spans);
  return example;
}

// "[CLS] a b [SEP] / 0000" with places as position:word.
std::string shown(const text::Tokenizer& tok, const Encoded& encoded) {
  std::string out;
  for (int32_t id : encoded.ids) out += std::string(tok.token(id)) + " ";
  out += "/ ";
  for (uint8_t segment : encoded.segments) out += static_cast<char>('0' + segment);
  for (const auto& place : encoded.places)
    out += fmt::format(" {}:{}", place.position, place.word) +
           (place.words > 1 ? fmt::format("+{}", place.words - 1) : "");
  return out;
}

EncodedSet encode(const std::vector<Example>& examples, TargetKind target, EncodeOptions options = {}) {
  return encode_all(examples, tokenizer(), target, options);
}

Example triplet(std::string first, std::string second, std::vector<std::string> negatives) {
  Example example = pair(std::move(first), std::move(second));
  example.negatives = std::move(negatives);
  return example;
}

TEST(Encode, TextsOfAnEmbeddingTaskAreSequencesOfTheirOwn) {
  const auto set = encode({pair("a", "b c"), triplet("a", "b", {"c d", "e"}), text("f")}, TargetKind::texts);
  ASSERT_EQ(set.size(), 7);
  EXPECT_EQ(set.first_sequence(1), 2);
  EXPECT_EQ(set.first_sequence(2), 6);
  EXPECT_EQ(set.first_sequence(3), 7);
  EXPECT_EQ(shown(tokenizer(), set.at(0)), "[CLS] a [SEP] / 000");
  EXPECT_EQ(shown(tokenizer(), set.at(1)), "[CLS] b c [SEP] / 0000");
  EXPECT_EQ(shown(tokenizer(), set.at(4)), "[CLS] c d [SEP] / 0000");
  EXPECT_EQ(set.at(5).example, 1);
  EXPECT_EQ(set.counts().rows, 3);
  EXPECT_EQ(set.counts().pieces, 9);
}

TEST(Encode, PrefixesStandBeforeTexts) {
  Example scored = pair("c", "d");
  scored.has_target = true, scored.score = 2;
  const auto set = encode({triplet("a", "b", {"e"}), scored, text("f")}, TargetKind::texts,
                          {.query_prefix = "q ", .passage_prefix = "p "});
  std::string all;
  for (int64_t s = 0; s < set.size(); ++s) all += shown(tokenizer(), set.at(s)).substr(6, 3) + "|";
  EXPECT_EQ(all, "q a|p b|p e|q c|q d|q f|") << "neither text of a scored pair asks for the other";
  const auto other = encode({text("f"), pair("a", "b")}, TargetKind::label, {.query_prefix = "q "});
  EXPECT_EQ(shown(tokenizer(), other.at(0)), "[CLS] f [SEP] / 000") << "other tasks have no prefix";
}

TEST(Encode, LongTextsOfARowAreCutEachAndTheRowCountsOnce) {
  const auto set = encode({pair("a b c d e f g h", "a b c d e f g"), pair("a", "b c d e f g")}, TargetKind::texts,
                          {.max_length = 8, .query_prefix = "q "});
  EXPECT_EQ(shown(tokenizer(), set.at(0)), "[CLS] q a b c d e [SEP] / 00000000");
  EXPECT_EQ(shown(tokenizer(), set.at(1)), "[CLS] a b c d e f [SEP] / 00000000");
  EXPECT_EQ(set.counts().rows_truncated, 1);
  EXPECT_EQ(set.counts().pieces, 9 + 7 + 2 + 6);
  EXPECT_EQ(set.counts().pieces_lost, 3 + 1);
  EXPECT_EQ(set.full_lengths()[0], 11) << "of the longest text, with its prefix";
  EXPECT_EQ(set.full_lengths()[1], 8);
}

TEST(Encode, FramesTextsAndPairs) {
  const auto set = encode({text("a b"), pair("c", "d e"), text("")}, TargetKind::label);
  ASSERT_EQ(set.size(), 3);
  EXPECT_EQ(shown(tokenizer(), set.at(0)), "[CLS] a b [SEP] / 0000");
  EXPECT_EQ(shown(tokenizer(), set.at(1)), "[CLS] c [SEP] d e [SEP] / 000111");
  EXPECT_EQ(shown(tokenizer(), set.at(2)), "[CLS] [SEP] / 00");
  EXPECT_EQ(set.at(1).example, 1);
  EXPECT_EQ(set.length(1), 6);
  EXPECT_EQ(set.counts().pieces, 5);
  EXPECT_EQ(set.counts().rows_truncated, 0);
}

TEST(Encode, SpaceMarkingModelsHaveTwoSeparatorsAndOneSegment) {
  const SpaceTokenizer spaces(
      {"\xE2\x96\x81"
       "a",
       "\xE2\x96\x81"
       "b"});
  const std::vector<Example> examples{pair("a", "b")};
  const auto set = encode_all(examples, spaces, TargetKind::label, {});
  EXPECT_EQ(shown(spaces, set.at(0)),
            "[CLS] \xE2\x96\x81"
            "a [SEP] [SEP] \xE2\x96\x81"
            "b [SEP] / 000000");
}

TEST(Encode, TruncatesAndReports) {
  const std::vector<Example> one{text("a b c d e f g h i j"), text("a")};
  const auto cut = [&](const char* how) {
    return shown(tokenizer(), encode(one, TargetKind::label, {.max_length = 8, .truncate = how}).at(0));
  };
  EXPECT_EQ(cut("auto"), "[CLS] a b c d e f [SEP] / 00000000");
  EXPECT_EQ(cut("head"), "[CLS] a b c d e f [SEP] / 00000000");
  EXPECT_EQ(cut("tail"), "[CLS] e f g h i j [SEP] / 00000000");
  EXPECT_EQ(cut("head-tail"), "[CLS] a b g h i j [SEP] / 00000000");
  const auto set = encode(one, TargetKind::label, {.max_length = 8});
  EXPECT_EQ(set.counts().rows_truncated, 1);
  EXPECT_EQ(set.counts().pieces_lost, 4);
  EXPECT_TRUE(set.truncated(0));
  EXPECT_FALSE(set.truncated(1));
  EXPECT_EQ(set.full_lengths()[0], 12);
  EXPECT_EQ(set.length(0), 8);
}

TEST(Encode, PairsShareTheRoom) {
  const auto cut = [&](const Example& example, const char* how) {
    const std::vector<Example> one{example};
    return shown(tokenizer(), encode(one, TargetKind::label, {.max_length = 8, .truncate = how}).at(0));
  };
  EXPECT_EQ(cut(pair("a b c d e f g", "x y"), "auto"), "[CLS] a b c [SEP] x y [SEP] / 00000111");
  EXPECT_EQ(cut(pair("a b", "r s t u v w x y"), "auto"), "[CLS] a b [SEP] r s t [SEP] / 00001111");
  EXPECT_EQ(cut(pair("a b c d", "w x y z"), "tail"), "[CLS] c d [SEP] x y z [SEP] / 00001111");
}

TEST(Encode, CountsUnknownPieces) {
  const auto set = encode({text("a ? b !")}, TargetKind::label);
  EXPECT_EQ(set.counts().unknown, 2);
  EXPECT_EQ(set.counts().pieces, 4);
}

TEST(Encode, TagsStandOnFirstPieces) {
  const auto set = encode({tagged({"ab", " ", "c"}, {"B-X", "O", "O"})}, TargetKind::tags);
  EXPECT_EQ(shown(tokenizer(), set.at(0)), "[CLS] a ##b c [SEP] / 00000 1:0 3:2");
  EXPECT_EQ(set.counts().words, 3);
  EXPECT_EQ(set.counts().words_without_piece, 1);
}

TEST(Encode, LongSentencesAreReadInWindowsAndLoseNothing) {
  const std::vector<Example> rows{tagged({"x"}), tagged({"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}),
                                  tagged({"y"})};
  const auto set = encode(rows, TargetKind::tags, {.max_length = 8, .window_overlap = 2});
  ASSERT_EQ(set.size(), 4);
  EXPECT_EQ(shown(tokenizer(), set.at(1)), "[CLS] a b c d e f [SEP] / 00000000 1:0 2:1 3:2 4:3 5:4");
  EXPECT_EQ(shown(tokenizer(), set.at(2)), "[CLS] e f g h i j [SEP] / 00000000 2:5 3:6 4:7 5:8 6:9");
  EXPECT_EQ(set.at(1).example, 1);
  EXPECT_EQ(set.at(2).example, 1);
  EXPECT_EQ(set.at(3).example, 2);
  EXPECT_EQ(set.first_sequence(1), 1);
  EXPECT_EQ(set.first_sequence(2), 3);
  EXPECT_EQ(set.examples(), 3);
  EXPECT_EQ(set.counts().sentences_in_windows, 1);
  EXPECT_EQ(set.counts().windows, 2);
  EXPECT_EQ(set.counts().words_lost, 0);
  EXPECT_EQ(set.counts().rows_truncated, 0);
}

TEST(Encode, CharactersThatShareAPieceStayInOneWindow) {
  // Eight pieces of two characters each; a window holds six pieces.
  const std::string mark = "\xE2\x96\x81";
  std::vector<std::string> pieces, characters;
  for (const char c : std::string("abcdefgh")) {
    pieces.push_back((c == 'a' ? mark : "") + c + "x");
    characters.insert(characters.end(), {std::string(1, c), "x"});
  }
  const SpaceTokenizer spaces(pieces);
  const std::vector<Example> rows{tagged(characters, std::vector<std::string>(16, "O"))};
  const auto set = encode_all(rows, spaces, TargetKind::tags, {.max_length = 8, .window_overlap = 2});
  ASSERT_EQ(set.size(), 2);
  EXPECT_EQ(shown(spaces, set.at(0)), "[CLS] " + mark + "ax bx cx dx ex fx [SEP] / 00000000 1:0+1 2:2+1 3:4+1 4:6+1");
  EXPECT_EQ(shown(spaces, set.at(1)), "[CLS] cx dx ex fx gx hx [SEP] / 00000000 3:8+1 4:10+1 5:12+1 6:14+1");
  EXPECT_EQ(set.counts().words, 16);
  const auto head = encode_all(rows, spaces, TargetKind::tags, {.max_length = 8, .truncate = "head"});
  EXPECT_EQ(head.counts().words_lost, 4);
}

TEST(Encode, AWordLongerThanAWindowKeepsItsBeginning) {
  const auto set = encode({tagged({"a", "bcdefghijk", "l"})}, TargetKind::tags, {.max_length = 8});
  int places = 0;
  for (int64_t s = 0; s < set.size(); ++s) {
    EXPECT_LE(set.length(s), 8);
    places += static_cast<int>(set.at(s).places.size());
  }
  EXPECT_EQ(places, 3);
  EXPECT_EQ(set.counts().pieces_lost, 4);
  EXPECT_EQ(set.counts().rows_truncated, 1);
}

TEST(Encode, CutSentencesLoseTags) {
  const std::vector<Example> rows{
      tagged({"a", "bc", "d", "e", "f", "g", "h"}, {"O", "B-X", "O", "O", "O", "O", "B-Y"})};
  const auto head = encode(rows, TargetKind::tags, {.max_length = 8, .truncate = "head"});
  EXPECT_EQ(shown(tokenizer(), head.at(0)), "[CLS] a b ##c d e f [SEP] / 00000000 1:0 2:1 4:2 5:3 6:4");
  EXPECT_EQ(head.counts().words_lost, 2);
  EXPECT_EQ(head.counts().entity_words_lost, 1);
  const auto tail = encode(rows, TargetKind::tags, {.max_length = 8, .truncate = "tail"});
  EXPECT_EQ(shown(tokenizer(), tail.at(0)), "[CLS] ##c d e f g h [SEP] / 00000000 2:2 3:3 4:4 5:5 6:6");
  EXPECT_EQ(tail.counts().words_lost, 2);
}

TEST(Encode, Errors) {
  EXPECT_ERROR(ErrorKind::usage, encode({}, TargetKind::label, {.max_length = 4}), "--max-length is 4", "at least 8");
  EXPECT_ERROR(ErrorKind::usage, encode({}, TargetKind::label, {.truncate = "stride"}), "for tagging");
  WordTokenizer bare(letters());
  bare.special_.sep = -1;
  EXPECT_ERROR(ErrorKind::model, Encoder(bare, TargetKind::label, {}), "no [SEP] piece");
}

}  // namespace
}  // namespace attune::data
