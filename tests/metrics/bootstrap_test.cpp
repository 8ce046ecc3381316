#include "attune/metrics/bootstrap.h"

#include <chrono>
#include <cmath>
#include <numeric>

#include "attune/base/rng.h"
#include "attune/metrics/classification.h"
#include "attune/metrics/regression.h"

#include "tests/metrics/golden.h"

namespace attune::metrics {
namespace {

std::vector<ClassRecord> seeded_records(int rows, int classes, double accuracy) {
  std::vector<ClassRecord> records;
  for (int row = 0; row < rows; ++row) {
    const auto at = static_cast<uint32_t>(row);
    const auto gold = static_cast<int32_t>(random_below(1, at, static_cast<uint32_t>(classes)));
    const bool right = random_unit(2, at) < accuracy;
    records.push_back({.gold = gold,
                       .predicted = right ? gold : (gold + 1) % classes,
                       .top_probability = 0.5F + 0.5F * random_unit(3, at),
                       .log_prob_gold = -random_unit(4, at),
                       .margin = random_unit(5, at)});
  }
  return records;
}

TEST(Bootstrap, EqualsResamplingInPython) {
  const auto test = golden("bootstrap");
  const auto gold = test.at("gold").get<std::vector<int32_t>>();
  const auto logits = test.at("logits").get<std::vector<std::vector<float>>>();
  std::vector<ClassRecord> records;
  for (size_t row = 0; row < gold.size(); ++row) records.push_back(class_record(gold[row], logits[row]));
  const BootstrapOptions options{.draws = test.at("draws"), .seed = test.at("seed")};
  const Scores scores = evaluate(ClassificationStatistics(records, 2), options);
  EXPECT_EQ(scores.size(), test.at("intervals").size());
  for (const Score& score : scores) {
    SCOPED_TRACE(score.name);
    ASSERT_TRUE(score.interval.has_value());
    const auto& expected = test.at("intervals").at(score.name);
    EXPECT_NEAR(score.interval->low, expected.at(0).get<double>(), 3e-7);
    EXPECT_NEAR(score.interval->high, expected.at(1).get<double>(), 3e-7);
  }

  const auto score_gold = test.at("score_gold").get<std::vector<double>>();
  const auto score_predicted = test.at("score_predicted").get<std::vector<double>>();
  std::vector<ScoreRecord> pairs;
  for (size_t i = 0; i < score_gold.size(); ++i) pairs.push_back({score_gold[i], score_predicted[i]});
  const Score spearman = evaluate(RegressionStatistics(pairs), options).at("spearman");
  EXPECT_NEAR(spearman.interval->low, test.at("spearman").at(0).get<double>(), 1e-9);
  EXPECT_NEAR(spearman.interval->high, test.at("spearman").at(1).get<double>(), 1e-9);
}

TEST(Bootstrap, AccuracyIntervalIsNearTheNormalOne) {
  const auto records = seeded_records(2000, 4, 0.8);
  const Score score = evaluate(ClassificationStatistics(records, 4), {.draws = 2000}).at("accuracy");
  const double half = 1.96 * std::sqrt(score.value * (1 - score.value) / 2000);
  EXPECT_NEAR(score.interval->low, score.value - half, 0.15 * half);
  EXPECT_NEAR(score.interval->high, score.value + half, 0.15 * half);
}

TEST(Bootstrap, RepeatsAndDependsOnTheSeed) {
  const auto records = seeded_records(300, 3, 0.7);
  const ClassificationStatistics statistics(records, 3);
  const Interval a = evaluate(statistics, {.draws = 100, .seed = 1}).at("log_loss").interval.value();
  const Interval b = evaluate(statistics, {.draws = 100, .seed = 1}).at("log_loss").interval.value();
  const Interval c = evaluate(statistics, {.draws = 100, .seed = 2}).at("log_loss").interval.value();
  EXPECT_EQ(a.low, b.low);
  EXPECT_EQ(a.high, b.high);
  EXPECT_NE(a.low, c.low);
}

TEST(Bootstrap, WeightsSumToTheUnits) {
  std::vector<uint32_t> weights(1000);
  draw_weights(3, 5, weights);
  EXPECT_EQ(std::accumulate(weights.begin(), weights.end(), 0U), 1000U);
  const auto untouched = std::count(weights.begin(), weights.end(), 0U);
  EXPECT_NEAR(static_cast<double>(untouched), 1000 / std::exp(1.0), 50);
}

TEST(Bootstrap, MostlyUndefinedDrawsGiveNoInterval) {
  // One positive in 4 rows: about a third of the draws have none, so AUROC keeps an interval; with one row of each
  // class half of all draws hold one class only.
  std::vector<ClassRecord> records = {{.gold = 1, .predicted = 1, .margin = 1}};
  for (int i = 0; i < 2; ++i) records.push_back({.gold = 0, .predicted = 0, .margin = 0});
  EXPECT_TRUE(evaluate(ClassificationStatistics(records, 2), {.draws = 200}).at("auroc").interval.has_value());
  records[1].gold = records[2].gold = 1;
  records.resize(1);
  const Score alone = evaluate(ClassificationStatistics(records, 2), {.draws = 200}).at("auroc");
  EXPECT_FALSE(alone.defined());
  EXPECT_FALSE(alone.interval.has_value());
}

TEST(Bootstrap, QuantileInterpolates) {
  std::vector<double> values = {4, 1, 3, 2};
  EXPECT_DOUBLE_EQ(quantile(values, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(quantile(values, 0.0), 1);
  EXPECT_DOUBLE_EQ(quantile(values, 1.0), 4);
  EXPECT_DOUBLE_EQ(quantile(values, 0.1), 1.3);
  EXPECT_TRUE(std::isnan(quantile({}, 0.5)));
}

TEST(Bootstrap, PairedDifferenceIsTighterThanTwoIntervals) {
  std::vector<uint8_t> a, b;
  for (uint32_t i = 0; i < 1000; ++i) {
    a.push_back(random_unit(1, i) < 0.8F);
    b.push_back(i % 50 == 0 ? 0 : a.back());  // b loses a few of a's rows and nothing else
  }
  const PairedDifference paired = paired_difference(a, b);
  EXPECT_GT(paired.difference, 0.005);
  EXPECT_GT(paired.interval.low, 0.0) << "a is better on the same rows";
  EXPECT_LT(paired.interval.high, 0.04);
  EXPECT_EQ(paired_difference(a, a).interval.high, 0.0);
  EXPECT_FALSE(paired_difference({}, {}).interval.defined());
}

TEST(Bootstrap, TenThousandRowsInAboutASecond) {
  const auto records = seeded_records(10000, 77, 0.9);
  const auto begin = std::chrono::steady_clock::now();
  evaluate(ClassificationStatistics(records, 77), {.draws = 1000});
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  RecordProperty("seconds", std::to_string(seconds.count()));
  EXPECT_LT(seconds.count(), 20.0) << "meant to take well under a second; the bound is wide for sanitizers";
}

}  // namespace
}  // namespace attune::metrics
