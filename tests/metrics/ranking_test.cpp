#include "attune/metrics/ranking.h"

#include <cmath>
#include <gtest/gtest.h>

namespace attune::metrics {
namespace {

// Counts every pair of a positive and a negative, as the definition says.
double auroc_by_pairs(const std::vector<float>& scores, const std::vector<uint8_t>& positive,
                      const std::vector<uint32_t>& weights) {
  double wins = 0, pairs = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    for (size_t j = 0; j < scores.size(); ++j) {
      if (!positive[i] || positive[j]) continue;
      const double both = static_cast<double>(weights[i]) * weights[j];
      pairs += both;
      wins += both * (scores[i] > scores[j] ? 1.0 : scores[i] == scores[j] ? 0.5 : 0.0);
    }
  }
  return wins / pairs;
}

TEST(Ranking, WeightedAurocCountsPairs) {
  const std::vector<float> scores = {0.1F, 0.5F, 0.5F, 0.9F, 0.3F, 0.5F};
  const std::vector<uint8_t> positive = {0, 1, 0, 1, 1, 0};
  const std::vector<uint32_t> weights = {2, 1, 3, 0, 1, 4};
  EXPECT_NEAR(Ranking(scores, positive).evaluate(weights).auroc, auroc_by_pairs(scores, positive, weights), 1e-12);
}

TEST(Ranking, WeightsActLikeRepeatedRows) {
  const std::vector<float> scores = {3, 2, 1}, repeated = {3, 2, 2, 2, 1, 1};
  const std::vector<uint8_t> positive = {1, 0, 1}, repeated_positive = {1, 0, 0, 0, 1, 1};
  const std::vector<uint32_t> weights = {1, 3, 2}, ones(6, 1);
  const RankScores a = Ranking(scores, positive).evaluate(weights);
  const RankScores b = Ranking(repeated, repeated_positive).evaluate(ones);
  EXPECT_NEAR(a.auroc, b.auroc, 1e-12);
  // Repeats of one score are one step of the curve in both.
  EXPECT_NEAR(a.average_precision, b.average_precision, 1e-12);
}

TEST(Ranking, ColumnOfATableTakesItsRowsWeight) {
  const std::vector<float> table = {9, 1, 9, 2, 9, 3};
  const std::vector<uint8_t> positive = {0, 0, 0, 1, 0, 0};
  const Ranking second = Ranking::of_column(table, positive, 2, 1);
  EXPECT_DOUBLE_EQ(second.evaluate(std::vector<uint32_t>{1, 1, 1}).auroc, 0.5);
  EXPECT_DOUBLE_EQ(second.evaluate(std::vector<uint32_t>{1, 1, 0}).auroc, 1.0);
}

TEST(Ranking, OneAnswerOnly) {
  const std::vector<float> scores = {1, 2};
  const std::vector<uint32_t> ones(2, 1);
  const RankScores none = Ranking(scores, std::vector<uint8_t>{0, 0}).evaluate(ones);
  EXPECT_TRUE(std::isnan(none.auroc));
  EXPECT_EQ(none.average_precision, 0.0);
  const RankScores all = Ranking(scores, std::vector<uint8_t>{1, 1}).evaluate(ones);
  EXPECT_TRUE(std::isnan(all.auroc));
  EXPECT_EQ(all.average_precision, 1.0);
  EXPECT_TRUE(std::isnan(Ranking({}, {}).evaluate({}).average_precision));
}

}  // namespace
}  // namespace attune::metrics
