#include "attune/baselines/logistic_regression.h"

#include <gtest/gtest.h>

#include "attune/baselines/dense_features.h"

#include "golden.h"

namespace attune::baselines {
namespace {

std::vector<float> flat(const nlohmann::json& rows) {
  std::vector<float> values;
  for (const auto& row : rows)
    for (const auto& value : row) values.push_back(value.get<float>());
  return values;
}

TEST(LogisticRegression, SoftmaxEqualsScikitLearn) {
  const auto file = golden();
  const DenseFeatures x(flat(file["x"]), 5, 1);
  ClassTargets targets{.classes = 3};
  for (const auto& label : file["y"]) targets.add(std::vector<int32_t>{label.get<int32_t>()});
  ASSERT_GE(file["fits"].size(), 2U);
  for (const auto& expected : file["fits"]) {
    const LogisticModel model = fit(x, targets, {}, {.c = expected["c"], .max_iterations = 500});
    const auto weights = flat(expected["weights"]);
    ASSERT_EQ(weights.size(), 15U);
    for (size_t i = 0; i < weights.size(); ++i)
      EXPECT_NEAR(model.weights[i], weights[i], 2e-3) << "C " << expected["c"];
    double mean = 0;
    for (int k = 0; k < 3; ++k) mean += static_cast<double>(model.weights[15 + k]) / 3;
    for (int k = 0; k < 3; ++k)
      EXPECT_NEAR(static_cast<double>(model.weights[15 + k]) - mean, expected["bias"][k].get<double>(), 2e-3);
  }
}

TEST(LogisticRegression, ManyLabelsAreSoManyBinaryFits) {
  const auto file = golden();
  const DenseFeatures x(flat(file["x"]), 5, 1);
  ClassTargets targets{.classes = 2, .exclusive = false};
  for (const auto& row : file["many"]) {
    std::vector<int32_t> labels;
    for (int k = 0; k < 2; ++k)
      if (row[k] == 1) labels.push_back(k);
    targets.add(labels);
  }
  const LogisticModel model = fit(x, targets, {}, {.c = file["labels_c"], .max_iterations = 500});
  for (int k = 0; k < 2; ++k) {
    for (int j = 0; j < 5; ++j)
      EXPECT_NEAR(model.weights[2 * j + k], file["labels"][k]["weights"][j].get<double>(), 2e-3);
    EXPECT_NEAR(model.weights[10 + k], file["labels"][k]["bias"].get<double>(), 2e-3);
  }
}

TEST(LogisticRegression, RowsOutOfUseDoNotCount) {
  ClassTargets three{.classes = 2}, two{.classes = 2};
  for (const int label : {0, 1, 1}) three.add(std::vector<int32_t>{label});
  for (const int label : {0, 1}) two.add(std::vector<int32_t>{label});
  const DenseFeatures x3({-1, 2, -9}, 1, 1), x2({-1, 2}, 1, 1);
  const std::vector<uint8_t> use{1, 1, 0};
  const LogisticModel a = fit(x3, three, use, {}), b = fit(x2, two, {}, {});
  for (size_t i = 0; i < b.weights.size(); ++i) EXPECT_NEAR(a.weights[i], b.weights[i], 1e-5);
}

TEST(LogisticRegression, TheChosenPenaltySuitsTheData) {
  // Noise around a weak signal asks for a strong penalty, a clean one for a weak.
  for (const bool clean : {true, false}) {
    std::vector<float> values;
    ClassTargets targets{.classes = 2};
    for (int i = 0; i < 400; ++i) {
      uint32_t bits = static_cast<uint32_t>(i) * 2654435761u;
      for (int j = 0; j < 20; ++j)
        bits = bits * 1664525u + 1013904223u, values.push_back(static_cast<float>(bits >> 8) * 0x1p-23f - 1);
      bits = bits * 1664525u + 1013904223u;
      const bool label = clean ? values[static_cast<size_t>(i) * 20] > 0 : (bits >> 16) & 1;
      targets.add(std::vector<int32_t>{label});
    }
    const double c = fit_with_chosen_penalty(DenseFeatures(std::move(values), 20, 1), targets, 1).c;
    EXPECT_EQ(c, clean ? 100 : 1);
  }
}

TEST(LogisticRegression, TheSameBitsForAnyThreads) {
  std::vector<float> first;
  for (const int threads : {1, 2, 3}) {
    std::vector<float> values;
    ClassTargets targets{.classes = 3};
    for (int i = 0; i < 3000; ++i) {
      for (int j = 0; j < 8; ++j) values.push_back(static_cast<float>((i * 37 + j * 101) % 97) / 97);
      targets.add(std::vector<int32_t>{(i * 7) % 3});
    }
    const LogisticModel model = fit(DenseFeatures(std::move(values), 8, threads), targets, {}, {.max_iterations = 10});
    if (first.empty()) first = model.weights;
    EXPECT_EQ(model.weights, first) << threads;
  }
}

TEST(Standardizer, MeanZeroAndUnitRows) {
  std::vector<float> values{1, 5, 7, 3, 5, -1, 8, 5, 3};
  const Standardizer standardizer(values, 3);
  standardizer.apply(values);
  double squares = 0;
  for (int j = 0; j < 3; ++j) {
    double sum = 0;
    for (int i = 0; i < 3; ++i) sum += values[3 * i + j], squares += values[3 * i + j] * values[3 * i + j];
    EXPECT_NEAR(sum, 0, 1e-6);
  }
  EXPECT_EQ(values[1], 0) << "a column without spread says nothing";
  EXPECT_NEAR(squares / 3, 2.0 / 3, 1e-5);
}

// A column that hardly moves keeps its smallness, so no large weight can grow on it.
TEST(Standardizer, OneScaleForAllColumns) {
  std::vector<float> values{1, 0.001f, 7, 3, -0.001f, -1, 8, 0, 3};
  const std::vector<float> before = values;
  Standardizer(values, 3, ColumnScale::common).apply(values);
  double squares = 0;
  for (const float x : values) squares += static_cast<double>(x) * static_cast<double>(x);
  EXPECT_NEAR(squares / 3, 1, 1e-5);
  const double scale = (values[0] - values[3]) / (before[0] - before[3]);
  for (size_t j = 0; j < 3; ++j) EXPECT_NEAR(values[j] - values[3 + j], scale * (before[j] - before[3 + j]), 1e-6) << j;
}

class Undone : public testing::TestWithParam<ColumnScale> {};

TEST_P(Undone, AFitForItsRowsIsOneForTheRowsAsTheyWere) {
  std::vector<float> values{1, 5, 7, 3, 5, -1, 8, 5, 3};
  const Standardizer standardizer(values, 3, GetParam());
  const LogisticModel fitted{.classes = 2, .weights = {0.5f, -1, 4, 4, 2, 0.25f, -3, 0.75f}};
  const auto logits = [](const LogisticModel& model, std::span<const float> rows) {
    std::vector<double> z;
    for (size_t i = 0; i < 3; ++i)
      for (size_t k = 0; k < 2; ++k) {
        z.push_back(model.weights[6 + k]);
        for (size_t j = 0; j < 3; ++j) z.back() += rows[3 * i + j] * model.weights[2 * j + k];
      }
    return z;
  };
  const auto before = logits(standardizer.undone_in(fitted), values);
  standardizer.apply(values);
  const auto after = logits(fitted, values);
  for (size_t i = 0; i < after.size(); ++i) EXPECT_NEAR(before[i], after[i], 1e-5) << i;
}

INSTANTIATE_TEST_SUITE_P(Scales, Undone, testing::Values(ColumnScale::own, ColumnScale::common));

}  // namespace
}  // namespace attune::baselines
