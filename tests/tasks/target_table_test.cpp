#include "attune/tasks/target_table.h"

#include <gtest/gtest.h>

#include "tests/base/expect_error.h"

namespace attune::tasks {
namespace {

data::Example row(std::vector<std::string> labels, double score = 0, double weight = 1) {
  data::Example example;
  example.labels = std::move(labels);
  example.score = score;
  example.weight = weight;
  return example;
}

data::Dataset dataset(std::vector<data::Example> rows) {
  data::Dataset set;
  set.files = {"dev.csv"};
  for (size_t i = 0; i < rows.size(); ++i) rows[i].origin = {0, static_cast<int64_t>(i) + 2};
  set.examples = std::move(rows);
  return set;
}

const data::Labels& abc() {
  static const data::Labels labels({"a", "b", "c"});
  return labels;
}

TEST(TargetTable, ClassesAndWeights) {
  const auto data = dataset({row({"c"}), row({"a"}, 0, 2.5)});
  const TargetTable table(task_named("classify"), abc(), data, "train.csv");
  Batch batch;
  batch.clear();
  table.append(batch, 1, {});
  table.append(batch, 0, {});
  EXPECT_EQ(batch.targets.classes, (std::vector<int32_t>{0, 2}));
  EXPECT_EQ(batch.targets.weights, (std::vector<float>{2.5f, 1}));
  EXPECT_EQ(batch.targets.examples, (std::vector<int32_t>{1, 0}));
  EXPECT_EQ(table.counts(3), (std::vector<int64_t>{1, 0, 1}));
}

TEST(TargetTable, MultiLabelRowsAreZerosAndOnes) {
  const auto data = dataset({row({"c", "a"}), row({})});
  const TargetTable table(task_named("multilabel"), abc(), data, "train.csv");
  Batch batch;
  batch.clear();
  table.append(batch, 0, {});
  table.append(batch, 1, {});
  EXPECT_EQ(batch.targets.values, (std::vector<float>{1, 0, 1, 0, 0, 0}));
  EXPECT_EQ(batch.targets.width, 3);
  EXPECT_EQ(batch.targets.items(), 2);
  EXPECT_TRUE(batch.targets.weights.empty());  // all 1
}

TEST(TargetTable, ScoresOfRegression) {
  const auto data = dataset({row({}, -1.5), row({}, 4)});
  const TargetTable table(task_named("regress"), {}, data, "train.csv");
  Batch batch;
  batch.clear();
  table.append(batch, 1, {});
  EXPECT_EQ(batch.targets.values, (std::vector<float>{4}));
  EXPECT_EQ(table.score(0), -1.5f);
}

TEST(TargetTable, TagsStandWhereTheWindowReadsThem) {
  const auto data = dataset({row({"a", "b", "c", "c"}, 0, 3)});
  const TargetTable table(task_named("tag"), abc(), data, "train.csv");
  Batch batch;
  batch.clear();
  const std::vector<data::LabelPlace> words{{1, 0}, {2, 1, 2}}, rest{{4, 3}};  // words 1 and 2 share a piece
  const data::Encoded first{.ids = {}, .segments = {}, .places = words, .example = 0};
  const data::Encoded second{.ids = {}, .segments = {}, .places = rest, .example = 0};
  table.append(batch, 0, first);
  table.append(batch, 0, second);
  EXPECT_EQ(batch.targets.classes, (std::vector<int32_t>{0, 1, 2}));
  table.end_row(batch, 0);
  table.append(batch, 0, first);
  table.end_row(batch, 0);
  EXPECT_EQ(batch.targets.sequences, (std::vector<int32_t>{0, 3, 5})) << "both windows are one sentence";
  EXPECT_EQ(batch.targets.weights, (std::vector<float>{3, 3, 3, 3, 3}));
}

TEST(TargetTable, SentencesWithoutAWordAreNoItems) {
  const auto data = dataset({row({"a"}), row({"b"})});
  const TargetTable table(task_named("tag"), abc(), data, "train.csv");
  Batch batch;
  batch.clear();
  table.append(batch, 0, {});
  table.end_row(batch, 0);
  EXPECT_EQ(batch.targets.items(), 0);
}

TEST(TargetTable, TextsOfARowStandTogether) {
  auto data = dataset({row({}, 1), row({}, 1, 2)});
  data.shape = data::TextShape::pairs;
  const TargetTable table(task_named("embed"), {}, data, "train.csv");
  Batch batch;
  batch.clear();
  const std::vector<int32_t> one{5, 6}, other{6, 5};
  const auto text = [](const std::vector<int32_t>& ids) {
    return data::Encoded{.ids = ids, .segments = {}, .places = {}, .example = 0};
  };
  for (const auto* ids : {&one, &other}) table.append(batch, 0, text(*ids));
  table.end_row(batch, 0);
  for (const auto* ids : {&other, &one, &one}) table.append(batch, 1, text(*ids));
  table.end_row(batch, 1);
  const losses::Targets& targets = batch.targets;
  EXPECT_EQ(targets.sequences, (std::vector<int32_t>{0, 2, 5}));
  EXPECT_EQ(targets.items(), 2);
  EXPECT_EQ(targets.examples, (std::vector<int32_t>{0, 1}));
  EXPECT_EQ(targets.weights, (std::vector<float>{1, 2}));
  EXPECT_EQ(targets.texts[0], targets.texts[3]) << "equal pieces, equal numbers";
  EXPECT_EQ(targets.texts[1], targets.texts[2]);
  EXPECT_NE(targets.texts[0], targets.texts[1]) << "order counts";
}

TEST(TargetTable, LabelsOfTextsAreTheDataSetsOwn) {
  auto data = dataset({row({"x"}), row({"y"}), row({"x"})});
  data.shape = data::TextShape::labelled;
  const TargetTable table(task_named("embed"), {}, data, "train.csv");
  EXPECT_EQ(table.labels(0)[0], table.labels(2)[0]);
  EXPECT_NE(table.labels(0)[0], table.labels(1)[0]);
}

TEST(TargetTable, NumbersMeanOutputsWithoutNames) {
  const auto data = dataset({row({"2"}), row({"LABEL_0"})});
  const TargetTable table(task_named("classify"), data::Labels::made_up(3), data, "the model");
  EXPECT_TRUE(table.by_number());
  EXPECT_EQ(table.labels(0)[0], 2);
  EXPECT_EQ(table.labels(1)[0], 0);
  EXPECT_FALSE(TargetTable(task_named("classify"), abc(), dataset({row({"a"})}), "the model").by_number());
}

TEST(TargetTable, AnUnknownLabelIsNamedWithItsPlace) {
  EXPECT_ERROR(ErrorKind::input,
               TargetTable(task_named("classify"), abc(), dataset({row({"a"}), row({"d"})}), "train.csv"),
               "dev.csv line 3", "'d'", "train.csv");
}

}  // namespace
}  // namespace attune::tasks
