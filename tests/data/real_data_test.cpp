// Real data sets, where they stand beside the project (or at $ATTUNE_DATA_FOLDER); skipped elsewhere.
#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>

#include "attune/data/dataset.h"
#include "attune/data/labels.h"
#include "attune/data/report.h"
#include "attune/data/split.h"

namespace attune::data {
namespace {

std::string data_folder() {
  const char* told = std::getenv("ATTUNE_DATA_FOLDER");
  return told ? told : ATTUNE_TEST_DATA "/../../shared/data";
}

#define FIND_OR_SKIP(path, name)                         \
  const std::string path = data_folder() + "/" + (name); \
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no " << path << " (set ATTUNE_DATA_FOLDER)"

TEST(RealData, Banking77HasQuotedNewlines) {
  FIND_OR_SKIP(path, "banking77/train.csv");
  const Dataset data = read_dataset({path}, TargetKind::label, {});
  EXPECT_EQ(data.examples.size(), 10003u);
  EXPECT_EQ(labels_of(data, TargetKind::label).size(), 77);
  EXPECT_EQ(data.examples[10002].origin.line, 10017);
  const HeldOut split = hold_out(data, TargetKind::label, 0.1, 42);
  EXPECT_NEAR(static_cast<double>(split.held.size()), 1000, 20);
}

TEST(RealData, Conll2003) {
  FIND_OR_SKIP(path, "conll2003/train.txt");
  const Dataset data = read_dataset({path}, TargetKind::tags, {});
  EXPECT_EQ(data.examples.size(), 14041u);
  EXPECT_EQ(data.tags.words, 203621);
  EXPECT_EQ(data.tags.converted, 0);
  EXPECT_EQ(data.tags.repaired, 0);
  EXPECT_EQ(labels_of(data, TargetKind::tags).size(), 9);
  FIND_OR_SKIP(four, "conll2003/test_4col.txt");
  const Dataset test = read_dataset({four}, TargetKind::tags, {});
  EXPECT_EQ(test.examples.size(), 3453u);
  EXPECT_EQ(test.tags.words, 46435);
}

TEST(RealData, GoEmotions) {
  FIND_OR_SKIP(path, "goemotions/dev.jsonl");
  const Dataset data = read_dataset({path}, TargetKind::labels, {});
  EXPECT_EQ(data.examples.size(), 5426u);
  EXPECT_EQ(labels_of(data, TargetKind::labels).size(), 28);
}

TEST(RealData, ScoresAndPairs) {
  FIND_OR_SKIP(path, "stsb/train.csv");
  const Dataset data = read_dataset({path}, TargetKind::score, {});
  EXPECT_EQ(data.examples.size(), 5749u);
  EXPECT_TRUE(data.examples[0].has_pair);
  EXPECT_EQ(data.examples[0].score, 5.0);
}

TEST(RealData, ChineseByCharacter) {
  FIND_OR_SKIP(path, "cluener/dev.txt");
  const Dataset data = read_dataset({path}, TargetKind::tags, {});
  EXPECT_EQ(data.examples.size(), 1343u);
  EXPECT_EQ(data.tags.words, 50260);
  for (const Example& example : data.examples) EXPECT_EQ(example.text.find(' '), std::string::npos);
  FIND_OR_SKIP(weibo, "weibo_ner/train.txt");
  const Dataset repaired = read_dataset({weibo}, TargetKind::tags, {});
  EXPECT_EQ(repaired.examples.size(), 1350u);
  EXPECT_EQ(repaired.tags.repaired, 10);
}

}  // namespace
}  // namespace attune::data
