#include "attune/data/labels.h"

#include <gtest/gtest.h>

#include "tests/base/expect_error.h"
#include "tests/base/temp_folder.h"

namespace attune::data {
namespace {

using Names = std::vector<std::string>;

template <class T>
std::vector<T> listed(const Column<T>& column) {
  return {column.values().begin(), column.values().end()};
}

Dataset labelled(const std::vector<Names>& rows) {
  Dataset data;
  data.files = {"t.csv"};
  for (const auto& labels : rows) {
    Example example;
    example.labels = labels;
    example.has_target = true;
    example.origin = {0, static_cast<int64_t>(data.examples.size()) + 2};
    data.examples.push_back(example);
  }
  return data;
}

TEST(Labels, IntegersSortByValueOthersByCodePoint) {
  EXPECT_EQ(Labels::sorted({"10", "9", "-1", "9"}).names(), (Names{"-1", "9", "10"}));
  EXPECT_EQ(Labels::sorted({"10", "9", "x"}).names(), (Names{"10", "9", "x"}));
  EXPECT_EQ(Labels::sorted({"b", "Z", "é", "中", "😀", "a"}).names(), (Names{"Z", "a", "b", "é", "中", "😀"}));
  EXPECT_EQ(Labels::sorted({"1.0", "0.5"}).names(), (Names{"0.5", "1.0"}));
}

TEST(Labels, GradesAreNumbersInRisingOrder) {
  EXPECT_TRUE(Labels({"1", "2", "3"}).are_grades());
  EXPECT_TRUE(Labels({"-1", "0.5", "10"}).are_grades());
  EXPECT_FALSE(Labels({"0", "1"}).are_grades()) << "two labels are as often a yes and a no";
  EXPECT_FALSE(Labels({"1", "3", "2"}).are_grades());
  EXPECT_FALSE(Labels({"1", "2", "three"}).are_grades());
}

TEST(Labels, LookUp) {
  const Labels labels({"z", "a"});
  EXPECT_EQ(labels.size(), 2);
  EXPECT_EQ(labels.find("a"), 1);
  EXPECT_EQ(labels.find("q"), -1);
  EXPECT_EQ(labels.name(0), "z");
}

TEST(Labels, FromAFileKeepItsOrder) {
  const test::TempFolder folder;
  EXPECT_EQ(Labels::from_file(folder.put("l", "pos\r\n\n neg \n").string()).names(), (Names{"pos", "neg"}));
  EXPECT_ERROR(ErrorKind::input, Labels::from_file(folder.put("twice", "a\nb\na\n").string()), "twice", "'a'");
  EXPECT_ERROR(ErrorKind::input, Labels::from_file(folder.put("none", "\n").string()), "none holds no label");
}

TEST(Labels, OfTheTrainingData) {
  EXPECT_EQ(labels_of(labelled({{"b"}, {"a"}, {"b"}}), TargetKind::label).names(), (Names{"a", "b"}));
  EXPECT_ERROR(ErrorKind::input, labels_of(labelled({{"a"}, {"a"}}), TargetKind::label), "t.csv",
               "all rows have the same label 'a'", "two classes");
  EXPECT_EQ(labels_of(labelled({{"a"}, {}}), TargetKind::labels).size(), 1);
  EXPECT_ERROR(ErrorKind::input, labels_of(labelled({{}, {}}), TargetKind::labels), "no row has a label");
}

TEST(Labels, Numbering) {
  const auto numbered = number_labels(labelled({{"b"}, {}, {"a", "b"}}), Labels({"a", "b"}));
  EXPECT_EQ(listed(numbered.ids), (std::vector<int32_t>{1, 0, 1}));
  EXPECT_EQ(listed(numbered.offsets), (std::vector<int64_t>{0, 1, 1, 3}));
}

TEST(Labels, ALabelThatTrainLacks) {
  const Labels labels({"card_arrival", "refund"});
  EXPECT_ERROR(ErrorKind::input, number_labels(labelled({{"refund"}, {"card_arival"}}), labels), "t.csv line 3",
               "the training data lacks the label 'card_arival'; did you mean 'card_arrival'?",
               "Known are 'card_arrival', 'refund'; the labels in this file are 'card_arival', 'refund'");
  Dataset tagged = labelled({{"refund", "X"}});
  Example sentence = tagged.examples[0];
  sentence.words = {"a", "b"};
  sentence.line_a_word = true;
  tagged.examples = std::vector{sentence};
  EXPECT_ERROR(ErrorKind::input, number_labels(tagged, labels, "the model"), "t.csv line 3",
               "the model lacks the label 'X'.");
}

TEST(Labels, MadeUpNamesAnswerToTheirNumbers) {
  const Labels labels = Labels::made_up(3);
  EXPECT_EQ(labels.names(), (Names{"LABEL_0", "LABEL_1", "LABEL_2"}));
  EXPECT_TRUE(labels.is_made_up());
  EXPECT_FALSE(Labels().is_made_up());
  EXPECT_FALSE(Labels({"LABEL_1", "LABEL_0"}).is_made_up());
  const auto numbered = number_labels(labelled({{"2"}, {"LABEL_1"}, {"0"}}), labels);
  EXPECT_EQ(listed(numbered.ids), (std::vector<int32_t>{2, 1, 0}));
  EXPECT_TRUE(numbered.by_number);
  EXPECT_FALSE(number_labels(labelled({{"LABEL_2"}}), labels).by_number);
  for (const char* none : {"3", "-1", "00", "+1", "1.0", " 1", "", "99999999999999999999"})
    EXPECT_EQ(labels.find_by_number(none), -1) << none;
  EXPECT_EQ(Labels({"no", "yes"}).find_by_number("1"), -1);  // names that mean something are not numbers
  EXPECT_ERROR(ErrorKind::input, number_labels(labelled({{"0"}, {"yes"}}), labels, "the model"), "t.csv line 3",
               "the model lacks the label 'yes'", "'LABEL_2' (made-up names: 0 to 2 mean them too)", "'0', 'yes'");
}

}  // namespace
}  // namespace attune::data
