#include "attune/data/split.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <numeric>
#include <set>

#include "tests/base/expect_error.h"

namespace attune::data {
namespace {

Dataset rows(const std::vector<std::pair<std::string, std::string>>& texts_and_labels) {
  Dataset data;
  data.files = {"t.csv"};
  for (const auto& [text, label] : texts_and_labels) {
    Example example;
    example.text = text;
    example.labels = {label};
    example.has_target = true;
    data.examples.push_back(example);
  }
  return data;
}

Dataset many(int a, int b, int c) {
  std::vector<std::pair<std::string, std::string>> all;
  for (int i = 0; i < a; ++i) all.emplace_back("a" + std::to_string(i), "A");
  for (int i = 0; i < b; ++i) all.emplace_back("b" + std::to_string(i), "B");
  for (int i = 0; i < c; ++i) all.emplace_back("c" + std::to_string(i), "C");
  return rows(all);
}

std::set<std::string> held_texts(const Dataset& data, const HeldOut& split) {
  std::set<std::string> texts;
  for (int32_t row : split.held) texts.insert(data.examples[static_cast<size_t>(row)].text);
  return texts;
}

TEST(Split, EachLabelGivesItsShare) {
  const Dataset data = many(500, 45, 6);
  const HeldOut split = hold_out(data, TargetKind::label, 0.1, 1);
  EXPECT_EQ(split.kept.size() + split.held.size(), 551u);
  EXPECT_EQ(split.held.size(), 55u);
  std::map<std::string, int> by_label;
  for (int32_t row : split.held) ++by_label[data.examples[static_cast<size_t>(row)].labels[0]];
  EXPECT_EQ(by_label["A"], 50);
  EXPECT_EQ(by_label["B"] + by_label["C"], 5);
  EXPECT_GE(by_label["B"], 4);
  EXPECT_TRUE(std::is_sorted(split.kept.begin(), split.kept.end()));
}

TEST(Split, IsSeededAndRepeats) {
  const Dataset data = many(100, 100, 0);
  EXPECT_EQ(hold_out(data, TargetKind::label, 0.1, 7).held, hold_out(data, TargetKind::label, 0.1, 7).held);
  EXPECT_NE(hold_out(data, TargetKind::label, 0.1, 7).held, hold_out(data, TargetKind::label, 0.1, 8).held);
}

TEST(Split, DoesNotDependOnTheOrderOfRows) {
  const Dataset data = many(100, 60, 0);
  const auto before = held_texts(data, hold_out(data, TargetKind::label, 0.1, 3));
  std::vector<int32_t> backwards(data.examples.size());
  std::iota(backwards.rbegin(), backwards.rend(), 0);
  const Dataset reversed = take_rows(data, backwards);
  EXPECT_EQ(held_texts(reversed, hold_out(reversed, TargetKind::label, 0.1, 3)), before);
}

TEST(Split, EqualTextsStayOnOneSide) {
  std::vector<std::pair<std::string, std::string>> all;
  for (int i = 0; i < 200; ++i) all.emplace_back("t" + std::to_string(i / 4), i % 4 == 3 ? "B" : "A");
  const Dataset data = rows(all);
  const HeldOut split = hold_out(data, TargetKind::label, 0.2, 5);
  const auto held = held_texts(data, split);
  EXPECT_FALSE(held.empty());
  for (int32_t row : split.kept) EXPECT_FALSE(held.contains(data.examples[static_cast<size_t>(row)].text));
}

TEST(Split, PairsAreHeldOutByTheirSecondText) {
  Dataset data;
  data.files = {"t.csv"};
  data.shape = TextShape::pairs;
  for (int i = 0; i < 300; ++i) {
    Example example;
    example.text = "q" + std::to_string(i);
    example.text_pair = "d" + std::to_string(i % 100);
    example.has_pair = true;
    data.examples.push_back(example);
  }
  const HeldOut split = hold_out(data, TargetKind::texts, 0.1, 3);
  EXPECT_GE(split.held.size(), 25u);
  EXPECT_LE(split.held.size(), 30u);
  std::set<std::string> held;
  for (const int32_t row : split.held) held.insert(data.examples[static_cast<size_t>(row)].text_pair);
  for (const int32_t row : split.kept) EXPECT_FALSE(held.contains(data.examples[static_cast<size_t>(row)].text_pair));
  EXPECT_EQ(split.held.size(), 3 * held.size()) << "all that belong to a text stay together";
  EXPECT_EQ(take_rows(data, split.held).shape, TextShape::pairs);
  data.shape = TextShape::scored;  // there it is the two texts that count
  EXPECT_EQ(hold_out(data, TargetKind::texts, 0.1, 3).held.size(), 30u);
}

TEST(Split, OneTextThatAllBelongToCannotBeHeldOut) {
  Dataset data;
  data.files = {"t.csv"};
  data.shape = TextShape::pairs;
  for (int i = 0; i < 10; ++i) {
    Example example;
    example.text = "q" + std::to_string(i), example.text_pair = "d", example.has_pair = true;
    data.examples.push_back(example);
  }
  EXPECT_ERROR(ErrorKind::input, hold_out(data, TargetKind::texts, 0.2, 1), "none of the 10 rows", "--dev");
}

TEST(Split, NoClassLosesAllItsRows) {
  const HeldOut split = hold_out(many(20, 1, 2), TargetKind::label, 0.5, 1);
  std::set<std::string> kept;
  const Dataset data = many(20, 1, 2);
  for (int32_t row : split.kept) kept.insert(data.examples[static_cast<size_t>(row)].labels[0]);
  EXPECT_EQ(kept, (std::set<std::string>{"A", "B", "C"}));
}

TEST(Split, OtherTargetsAreDrawnOverAllRows) {
  EXPECT_EQ(hold_out(many(95, 5, 0), TargetKind::score, 0.1, 1).held.size(), 10u);
  EXPECT_EQ(hold_out(many(2, 0, 0), TargetKind::tags, 0.1, 1).held.size(), 1u);
  EXPECT_TRUE(hold_out(many(9, 0, 0), TargetKind::score, 0, 1).held.empty());
}

TEST(Split, Errors) {
  EXPECT_ERROR(ErrorKind::input, hold_out(many(1, 0, 0), TargetKind::label, 0.1, 1), "1 rows are too few", "--dev");
  EXPECT_ERROR(ErrorKind::input, hold_out(many(1, 1, 1), TargetKind::label, 0.1, 1), "none of the 3 rows",
               "--dev none");
  EXPECT_ERROR(ErrorKind::usage, hold_out(many(9, 0, 0), TargetKind::label, 1, 1), "held out");
}

TEST(Split, TakeRows) {
  const Dataset part = take_rows(many(3, 0, 0), {2, 0});
  EXPECT_EQ(part.files, std::vector<std::string>{"t.csv"});
  EXPECT_EQ(part.examples[0].text, "a2");
  EXPECT_EQ(part.examples[1].text, "a0");
}

}  // namespace
}  // namespace attune::data
