// Who is told of --head-start linear, and what the fit leaves where it is stopped or has nothing to fit. (What it is
// worth: tests/cli/head_start_test.py.)
#include "attune/train/head_start.h"

#include <gtest/gtest.h>

#include "attune/losses/language/make_objective.h"
#include "attune/train/ladder.h"

#include "tests/base/temp_folder.h"
#include "tests/train/tiny_model.h"

namespace attune::train {
namespace {

report::Ladder ladder(double ngrams, double frozen, double tuned) {
  const std::string name = std::string(kFrozenEncoderRung) + " + logistic regression";
  return {.rows = {{.name = "hashed n-grams + logistic regression", .score = ngrams},
                   {.name = name, .score = frozen},
                   {.name = "fine-tuned", .score = tuned, .fine_tuned = true}}};
}

TEST(HeadStartHint, WhereTheUntouchedEncoderIsBest) {
  TrainOptions options;
  tasks::ModelBundle bundle;
  bundle.loss = losses::make_objective("cross_entropy", losses::TargetKind::classes, {.labels = bundle.labels.size()});
  EXPECT_NE(head_start_hint(options, bundle, ladder(0.5, 0.93, 0.90)).find("--head-start linear"), std::string::npos);
  EXPECT_NE(head_start_hint(options, bundle, ladder(0.5, 0.93, 0.93)), "") << "as good, and cheaper";
  EXPECT_EQ(head_start_hint(options, bundle, ladder(0.5, 0.93, 0.94)), "");
  EXPECT_EQ(head_start_hint(options, bundle, ladder(0.95, 0.93, 0.90)), "") << "n-grams are";
  EXPECT_EQ(head_start_hint(options, bundle, {.rows = {{.name = "majority class", .score = 0.9}}}), "") << "cut short";
}

TEST(HeadStartHint, NotWhereItWasDoneOrDoesNotApply) {
  tasks::ModelBundle bundle;
  bundle.loss = losses::make_objective("cross_entropy", losses::TargetKind::classes, {.labels = bundle.labels.size()});
  TrainOptions done;
  done.head_start = "linear";
  EXPECT_EQ(head_start_hint(done, bundle, ladder(0.5, 0.93, 0.90)), "");
  bundle.continued_head = true;
  const TrainOptions plain;
  EXPECT_EQ(head_start_hint(plain, bundle, ladder(0.5, 0.93, 0.90)), "") << "the old last layer went on";
}

class StartHead : public testing::Test {
 protected:
  StartHead() {
    test::make_model(folder_ / "model", "sequence_classification");
    bundle_ = tasks::open_for_training({.model = (folder_ / "model").string(),
                                        .task = &tasks::task_named("classify"),
                                        .data_labels = test::kGrades,
                                        .new_head = true,
                                        .seed = 1,
                                        .encode = {}});
  }
  std::vector<float> last_layer() {
    const tensor::Tensor& w = bundle_.model->parameters().find("classifier.weight")->value;
    return {w.as<float>(), w.as<float>() + w.count()};
  }
  Split split(double weight) const {
    data::Dataset set = test::graded_texts();
    std::vector<data::Example> rows = test::copied(set);
    for (auto& row : rows) row.weight = weight;
    set.examples = rows;
    return make_split("train", "rows", std::move(set), bundle_);
  }
  test::TempFolder folder_;
  std::unique_ptr<kernels::Kernels> kernels_ = kernels::cpu::make_kernels(1);
  tasks::ModelBundle bundle_;
};

TEST_F(StartHead, StoppedItLeavesTheLayerAsItWas) {
  const auto before = last_layer();
  int asked = 0;
  EXPECT_FALSE(start_head(bundle_, *kernels_, split(1), {.token_budget = 50, .stop = [&] { return ++asked > 3; }}));
  EXPECT_EQ(asked, 4) << "between batches";
  EXPECT_EQ(last_layer(), before);
}

TEST_F(StartHead, RowsThatDoNotCountAreLeftOut) {
  const auto before = last_layer();
  const auto none = start_head(bundle_, *kernels_, split(0), {});
  ASSERT_TRUE(none);
  EXPECT_EQ(none->rows, 0);
  EXPECT_EQ(last_layer(), before);
  EXPECT_EQ(start_head(bundle_, *kernels_, split(1), {})->rows, 120);
  EXPECT_NE(last_layer(), before);
}

// How many tokens are read at once changes no bit.
TEST_F(StartHead, AnyTokenBudgetGivesTheSameLayer) {
  start_head(bundle_, *kernels_, split(1), {.token_budget = 1});
  const auto one_by_one = last_layer();
  start_head(bundle_, *kernels_, split(1), {.token_budget = 2048});
  EXPECT_EQ(last_layer(), one_by_one);
}

// Labels in turn: an even stride over twice as many rows would meet every other one only.
TEST_F(StartHead, SpreadRowsSeeNoOrder) {
  const Split rows = split(1);
  int counts[4] = {};
  for (const int32_t row : spread_rows(rows, rows.rows() / 4)) ++counts[rows.targets.labels(row)[0]];
  for (const int count : counts) EXPECT_GT(count, 0);
  EXPECT_EQ(spread_rows(rows, 1000).size(), 120U);
  EXPECT_EQ(spread_rows(rows, 120)[119], 119);
}

}  // namespace
}  // namespace attune::train
