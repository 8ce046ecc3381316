#include "attune/data/words.h"

#include <gtest/gtest.h>

namespace attune::data {
namespace {

using Names = std::vector<std::string>;

std::string spans_text(const std::vector<WordSpan>& spans) {
  std::string text;
  for (const auto& span : spans) text += std::to_string(span.begin) + "-" + std::to_string(span.end) + " ";
  return text;
}

TEST(Words, SplitAtSpacesPunctuationAndIdeographs) {
  Names words;
  std::vector<WordSpan> spans;
  split_words(
      " Zürich, don't\xE3\x80\x80"
      "在北京!",
      words, spans);
  EXPECT_EQ(words, (Names{"Zürich", ",", "don", "'", "t", "在", "北", "京", "!"}));
  EXPECT_EQ(spans_text(spans), "1-7 7-8 9-12 12-13 13-14 15-16 16-17 17-18 18-19 ");
}

TEST(Words, NothingToSplit) {
  Names words;
  std::vector<WordSpan> spans;
  split_words(" \t ", words, spans);
  EXPECT_TRUE(words.empty());
  EXPECT_EQ(join_words({}, spans), "");
}

TEST(Words, JoinWithSpacesBetweenLatinWordsOnly) {
  std::vector<WordSpan> spans;
  EXPECT_EQ(join_words({"EU", "rejects", "."}, spans), "EU rejects .");
  EXPECT_EQ(spans_text(spans), "0-2 3-10 11-12 ");
  EXPECT_EQ(join_words({"我们", "去", "New", "York", "。"}, spans), "我们去New York。");
  EXPECT_EQ(spans_text(spans), "0-2 2-3 3-6 7-11 11-12 ");
}

TEST(Words, JoinCharactersWithoutSpaces) {
  std::vector<WordSpan> spans;
  EXPECT_EQ(join_words({"在", "N", "B", "A", "打", "球"}, spans), "在NBA打球");
  EXPECT_EQ(spans_text(spans), "0-1 1-2 2-3 3-4 4-5 5-6 ");
}

TEST(Words, CjkIsWhatIsWrittenWithoutSpaces) {
  EXPECT_TRUE(is_cjk(U'中'));
  EXPECT_TRUE(is_cjk(U'。'));
  EXPECT_TRUE(is_cjk(U'カ'));
  EXPECT_TRUE(is_cjk(0x20000));
  EXPECT_FALSE(is_cjk(U'한'));
  EXPECT_FALSE(is_cjk(U'a'));
}

}  // namespace
}  // namespace attune::data
