// The files of examples/data are read as their README says.
#include <gtest/gtest.h>

#include "attune/data/dataset.h"

#include "tests/data/reading.h"

namespace attune::data {
namespace {

Dataset example(const std::string& name, TargetKind target, const ReadOptions& options = {}) {
  return read_dataset({ATTUNE_TEST_DATA "/../examples/data/" + name}, target, options);
}

TEST(ExampleFiles, AreReadAsTheirReadmeSays) {
  EXPECT_EQ(example("intents.csv", TargetKind::label).examples.size(), 6u);
  EXPECT_EQ(example("inference.tsv", TargetKind::label).examples[0].text_pair, "An animal is moving.");
  EXPECT_EQ(example("topics.jsonl", TargetKind::labels).examples[0].labels.size(), 2u);
  const ReadOptions columns = options_of({{"label", "app"}, {"label", "billing"}, {"label", "delivery"}});
  EXPECT_EQ(example("topics_columns.csv", TargetKind::labels, columns).examples[0].labels,
            (std::vector<std::string>{"app", "billing"}));
  EXPECT_EQ(example("similarity.csv", TargetKind::score).examples[1].score, 1.5);
  EXPECT_EQ(example("entities.conll", TargetKind::tags).examples[0].text, "Ada Byron writes from New Delhi .");
  EXPECT_EQ(example("entities_zh.conll", TargetKind::tags).examples[0].text, "王小明在上海工作。");
}

}  // namespace
}  // namespace attune::data
