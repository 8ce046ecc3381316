#include "attune/tasks/scorer.h"

#include <cmath>
#include <gtest/gtest.h>

namespace attune::tasks {
namespace {

data::Dataset labelled(std::vector<std::vector<std::string>> rows) {
  data::Dataset set;
  set.files = {"test.csv"};
  for (auto& labels : rows) {
    data::Example example;
    example.labels = std::move(labels);
    set.examples.push_back(std::move(example));
  }
  return set;
}

TEST(Scorer, ClassifyTakesRowsInAnyOrder) {
  const Task& task = task_named("classify");
  const data::Labels labels({"no", "yes"});
  const TargetTable targets(task, labels, labelled({{"yes"}, {"no"}, {"no"}}), "the model");
  const auto scorer = make_scorer(task, labels, targets, {});
  scorer->add(2, {}, std::vector<float>{1, 3});  // wrong
  scorer->add(0, {}, std::vector<float>{-1, 0});
  scorer->add(1, {}, std::vector<float>{0, -1});
  const Evaluation evaluation = scorer->finish({.draws = 0});
  EXPECT_DOUBLE_EQ(evaluation.scores.value("accuracy"), 2.0 / 3);
  EXPECT_EQ(evaluation.classes.size(), 3u);
}

TEST(Scorer, MultiLabelChoosesThresholdsOrTakesThem) {
  const Task& task = task_named("multilabel");
  const data::Labels labels({"a", "b"});
  const TargetTable targets(task, labels, labelled({{"a"}, {"a", "b"}, {}}), "the model");
  // All below 0: at a half nothing is said. Label a is told apart at any threshold between -3 and -1.
  const std::vector<std::vector<float>> logits{{-1, -2}, {-0.5f, -1}, {-3, -2}};
  const auto micro_f1 = [&](const ScorerOptions& options) {
    const auto scorer = make_scorer(task, labels, targets, options);
    for (int32_t row = 0; row < 3; ++row) scorer->add(row, {}, logits[static_cast<size_t>(row)]);
    const Evaluation evaluation = scorer->finish({.draws = 0});
    if (options.choose_thresholds) {
      EXPECT_EQ(evaluation.thresholds.size(), 2u);
      EXPECT_GT(evaluation.thresholds[0], 1 / (1 + std::exp(3.0)));
      EXPECT_LE(evaluation.thresholds[0], 1 / (1 + std::exp(1.0)) + 1e-9);
    }
    // At a half as well where other thresholds are in force.
    const metrics::Score* half = evaluation.scores.find("micro_f1_at_0.5");
    EXPECT_EQ(half != nullptr, !evaluation.thresholds.empty());
    if (half) {
      EXPECT_DOUBLE_EQ(half->value, 0);
    }
    return evaluation.scores.value("micro_f1");
  };
  EXPECT_DOUBLE_EQ(micro_f1({}), 0);
  EXPECT_DOUBLE_EQ(micro_f1({.choose_thresholds = true}), 1);
  EXPECT_DOUBLE_EQ(micro_f1({.thresholds = {0.01, 0.01}}), 2 * 3.0 / (6 + 3));
}

TEST(Scorer, TagDecodesASentenceWhole) {
  const Task& task = task_named("tag");
  const data::Labels labels({"B-PER", "I-PER", "O"});
  const auto data = labelled({{"B-PER", "I-PER", "O"}, {"B-PER"}, {"O", "O"}});
  const TargetTable targets(task, labels, data, "the model");
  const std::vector<data::LabelPlace> places{{1, 0}, {2, 1}, {1, 2}};  // the third word in a second window
  const std::vector<float> logits{3, 4, 0, /**/ 0, 9, 0, /**/ 0, 0, 9};
  const auto evaluate = [&](Decoding decoding) {
    const auto scorer = make_scorer(task, labels, targets, {.decoding = decoding});
    scorer->add(0, places, logits);
    scorer->add(2, std::vector<data::LabelPlace>{{1, 0, 2}}, std::vector<float>{0, 0, 5});
    return scorer->finish({.draws = 0});  // row 1 never comes: its word has no piece and counts as O
  };
  // argmax: I I O O | - | O O. conlleval lets an I- open the entity, strict IOB2 does not.
  const Evaluation argmax = evaluate(Decoding::argmax);
  EXPECT_DOUBLE_EQ(argmax.scores.value("entity_recall"), 0.5);
  EXPECT_DOUBLE_EQ(argmax.scores.value("entity_f1_strict"), 0);
  EXPECT_DOUBLE_EQ(argmax.scores.value("token_accuracy"), 4.0 / 6);
  const Evaluation iob2 = evaluate(Decoding::iob2);
  EXPECT_DOUBLE_EQ(iob2.scores.value("entity_precision"), 1);
  EXPECT_DOUBLE_EQ(iob2.scores.value("entity_f1_strict"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(iob2.scores.value("token_accuracy"), 5.0 / 6);
}

}  // namespace
}  // namespace attune::tasks
