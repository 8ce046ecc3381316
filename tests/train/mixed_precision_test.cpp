// Which layers are left wide: those that turn the answers, as few as do, chosen on one half of the rows.
#include "attune/train/mixed_precision.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "attune/kernels/kernels.h"

#include "tests/base/temp_folder.h"
#include "tests/train/tiny_model.h"

namespace attune::train {
namespace {

constexpr int kLayers = 3;

// A model, and one whose answers are others: what bytes in a layer could do to it.
class Mixture : public testing::Test {
 protected:
  Mixture() {
    test::make_model(folder_ / "model", "sequence_classification");
    tasks::ModelBundle bundle = tasks::open_for_training({.model = (folder_ / "model").string(),
                                                          .task = &tasks::task_named("classify"),
                                                          .data_labels = {"a", "b", "c"},
                                                          .new_head = true,
                                                          .seed = 3,
                                                          .encode = {}});
    save(bundle, "good");
    tensor::Tensor& weight = bundle.model->parameters().find("classifier.weight")->value;
    for (int64_t i = 0; i < weight.count(); ++i) weight.as<float>()[i] *= -1;
    save(bundle, "bad");
    good_ = tasks::open_for_inference((folder_ / "good").string(), tensor::DType::f32);
    bad_ = tasks::open_for_inference((folder_ / "bad").string(), tensor::DType::f32);
  }
  void save(tasks::ModelBundle& bundle, const char* name) {
    fs::create_directories(folder_ / name);
    tasks::save_bundle(bundle, folder_ / name, test::json::object());
  }

  // Texts labelled with the good model's answers.
  void make_rows(int count) {
    std::vector<data::Example> rows(static_cast<size_t>(count));
    for (size_t i = 0; i < rows.size(); ++i) {
      rows[i].text = fmt::format("w{} w{} w{}", i % 95, (7 * i + i / 95) % 95, (i / 9) % 95);
      rows[i].origin.line = static_cast<int64_t>(i) + 1, rows[i].has_target = true;
    }
    const auto logits = Predictor(good_, *kernels_).logits(rows);
    for (size_t i = 0; i < rows.size(); ++i) {
      const auto& z = logits[i].logits;
      rows[i].labels = {good_.labels.names()[static_cast<size_t>(std::max_element(z.begin(), z.end()) - z.begin())]};
    }
    rows_.files = {"rows.csv"}, rows_.examples = rows;
  }
  PrecisionAnswers answers(const tasks::ModelBundle& bundle, RowHalf half = RowHalf::all) {
    PrecisionAnswers answers(bundle);
    answers.add(bundle, *kernels_, rows_, /*labelled=*/true, half);
    return answers;
  }
  // As if bytes ruined the depths of `harmed`, each by itself.
  MixedSearch search(const std::vector<int>& harmed) {
    asked_.clear();
    return search_mixture(kLayers, answers(good_),
                          [&](const std::vector<int>& wide) {
                            asked_.push_back(wide);
                            const auto is_wide = [&](int depth) {
                              return std::find(wide.begin(), wide.end(), depth) != wide.end();
                            };
                            return answers(std::all_of(harmed.begin(), harmed.end(), is_wide) ? good_ : bad_);
                          },
                          {.metric = "accuracy", .margin = {}});
  }

  const test::TempFolder folder_;
  const std::unique_ptr<kernels::Kernels> kernels_ = kernels::cpu::make_kernels(1);
  tasks::ModelBundle good_, bad_;
  data::Dataset rows_;
  std::vector<std::vector<int>> asked_;
};

TEST_F(Mixture, KeepsTheLayerThatHarms) {
  make_rows(1000);
  const MixedSearch found = search({2});
  EXPECT_EQ(found.parts[0].depth, 2);
  EXPECT_GT(found.parts[0].distance, 0.1);
  for (size_t i = 1; i < found.parts.size(); ++i) EXPECT_EQ(found.parts[i].distance, 0);
  ASSERT_EQ(found.tried.size(), 2U) << "nothing kept, then the first part, which is enough";
  EXPECT_EQ(found.tried[0].found.verdict.harm, compare::Harm::harmful);
  EXPECT_EQ(found.tried[1].wide, std::vector<int>{2});
  EXPECT_EQ(found.tried[1].found.verdict.harm, compare::Harm::safe);
  EXPECT_EQ(found.chosen, 1U);
}

TEST_F(Mixture, KeepsBothOfTwo) {
  make_rows(1000);
  const MixedSearch found = search({1, 3});
  EXPECT_EQ(found.chosen, 2U);
  EXPECT_EQ(found.tried[2].wide, (std::vector<int>{1, 3}));
}

TEST_F(Mixture, OfFewRowsTheFirstThatLooksHarmless) {
  make_rows(100);  // too few to show that a fall of half a point is ruled out
  const MixedSearch found = search({2});
  EXPECT_EQ(found.tried.size(), 1U + kLayers) << "all are tried, for one that is safe";
  EXPECT_EQ(found.tried[1].found.verdict.harm, compare::Harm::undecided);
  EXPECT_EQ(found.chosen, 1U);
}

TEST_F(Mixture, NoneIsChosenWhereEveryLayerHarms) {
  make_rows(1000);
  const MixedSearch found = search({0, 1, 2, 3});
  EXPECT_FALSE(found.chosen);
  for (const std::vector<int>& wide : asked_) EXPECT_LE(std::ssize(wide), kLayers) << "one part at least is bytes";
}

TEST_F(Mixture, HalvesOfTheRowsHaveNoRowInCommon) {
  make_rows(101);
  const PrecisionAnswers first = answers(good_, RowHalf::first), second = answers(good_, RowHalf::second);
  EXPECT_EQ(first.labelled().rows.size(), 51U);
  EXPECT_EQ(second.labelled().rows.size(), 50U);
  std::vector<std::string> ids;
  for (const auto* half : {&first, &second})
    for (const compare::PredictionRow& row : half->labelled().rows) ids.push_back(row.id);
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(std::unique(ids.begin(), ids.end()), ids.end());
}

}  // namespace
}  // namespace attune::train
