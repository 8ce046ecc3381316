// Prices of mistakes as a metric, and the correction that they ask for.
#include "attune/metrics/costs.h"

#include <cmath>
#include <gtest/gtest.h>

#include "attune/metrics/catalog.h"
#include "attune/metrics/classification.h"
#include "attune/metrics/correction.h"

#include "tests/base/expect_error.h"

namespace attune::metrics {
namespace {

constexpr const char* kByClass = "cost([[0, 10, 10], [1, 0, 1], [2, 2, 0]])";
constexpr const char* kAnyhow = "cost([[0, 1, 4], [1, 0, 1], [4, 1, 0]])";

TEST(Costs, AreReadFromTheMetric) {
  const Costs costs = costs_of(kByClass);
  EXPECT_EQ(costs.classes, 3);
  EXPECT_EQ(costs.at(0, 2), 10);
  EXPECT_EQ(costs.at(2, 0), 2);
  EXPECT_TRUE(costs.by_class());
  EXPECT_FALSE(costs_of(kAnyhow).by_class());
  EXPECT_EQ(metric_info(kByClass).better, Better::lower);
  EXPECT_TRUE(has_unit(kByClass));
  EXPECT_TRUE(is_better(kByClass, 0.1, 0.2));
  EXPECT_TRUE(is_corrected(kByClass, "classify"));
  EXPECT_FALSE(is_corrected(kAnyhow, "classify")) << "no last layer can be told it";
  EXPECT_TRUE(is_corrected("cost([[0, 5], [1, 0]])", "classify"));
}

TEST(Costs, WhatIsNoMatrixIsTold) {
  EXPECT_ERROR(ErrorKind::usage, costs_of("cost(5)"), "cost(5)", "at least two lists");
  EXPECT_ERROR(ErrorKind::usage, costs_of("cost([[0, 1], [1]])"), "row 2 has 1 prices for 2 classes");
  EXPECT_ERROR(ErrorKind::usage, costs_of("cost([[0, \"x\"], [1, 0]])"), "\"x\"", "no number");
  EXPECT_ERROR(ErrorKind::usage, costs_of("cost([[0, 0], [0, 0]])"), "no mistake costs anything");
  EXPECT_ERROR(ErrorKind::usage, costs_of("cost([[0, 1], [1, 0]]"), "expected the price");
  const std::vector<ClassRecord> none;
  EXPECT_ERROR(ErrorKind::usage, ClassificationStatistics(none, 2, false, kByClass), "3 classes", "2 labels");
}

TEST(Costs, AreTheMeanPriceOfAnswers) {
  const std::vector<ClassRecord> records{{.gold = 0, .predicted = 1},
                                         {.gold = 0, .predicted = 0},
                                         {.gold = 2, .predicted = 0},
                                         {.gold = 1, .predicted = 1}};
  EXPECT_DOUBLE_EQ(evaluate(ClassificationStatistics(records, 3, false, kByClass)).value(kByClass), (10.0 + 2) / 4);
}

// Answers that are sure of nothing: the dear class must be said more often.
ClassAnswers unsure() {
  ClassAnswers answers{.classes = 3, .prior = {10, 10, 10}};
  for (int row = 0; row < 60; ++row) {
    const int gold = row % 3, said = row % 2 == 0 ? gold : (gold + 1 + row % 2) % 3;
    for (int k = 0; k < 3; ++k) answers.logits.push_back(k == said ? 0.8 : 0.1 * k);
    answers.gold.push_back(gold);
  }
  return answers;
}

TEST(Costs, TheirCorrectionPays) {
  const ClassAnswers answers = unsure();
  const Correction by_class = fit_correction(kByClass, answers);
  ASSERT_TRUE(by_class.helps());
  EXPECT_EQ(by_class.decide, Decide::largest);
  EXPECT_LT(by_class.shift.at(0), by_class.shift.at(1)) << "less is taken off the class whose misses are dear";
  // alpha log 10 : alpha log 2
  EXPECT_NEAR(by_class.shift[0] / by_class.shift[2], std::log(10.0) / std::log(2.0), 1e-9);
  const Correction anyhow = fit_correction(kAnyhow, answers);
  if (anyhow.helps()) {
    EXPECT_EQ(anyhow.decide, Decide::cheapest);
  }
}

// Of 0.4, 0.2, 0.4 the middle one is never the most probable, and the cheapest where the ends are dear.
TEST(Costs, TheCheapestAnswerIsTheExpectedOne) {
  const Correction correction{.decide = Decide::cheapest, .prices = costs_of(kAnyhow).prices, .text = "cheapest"};
  const std::vector<double> logits{std::log(0.4), std::log(0.2), std::log(0.4)};
  EXPECT_EQ(correction.decision(logits), 1);
}

}  // namespace
}  // namespace attune::metrics
