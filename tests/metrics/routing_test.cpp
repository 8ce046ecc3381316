#include "attune/metrics/routing.h"

#include <cmath>
#include <gtest/gtest.h>

namespace attune::metrics {
namespace {

ClassRecord row(int32_t gold, int32_t predicted, float probability) {
  return {.gold = gold, .predicted = predicted, .top_probability = probability};
}

// Ten rows of probabilities 1.0, 0.9 ... 0.1, wrong at 0.5 and from 0.2 down.
std::vector<ClassRecord> ten_rows() {
  std::vector<ClassRecord> rows;
  for (int i = 10; i >= 1; --i) {
    const bool wrong = i == 5 || i <= 2;
    rows.push_back(row(0, wrong ? 1 : 0, static_cast<float>(i) / 10));
  }
  return rows;
}

TEST(Routing, TakesTheLargestShareThatIsPreciseEnough) {
  const auto rows = ten_rows();
  const RoutingTable table = route(rows, rows, {.precisions = {0.85, 0.99, 0.5}, .min_rows = 1});
  ASSERT_EQ(table.overall.size(), 3U);
  EXPECT_TRUE(table.same_rows);
  EXPECT_FLOAT_EQ(static_cast<float>(table.overall[0].threshold), 0.3F);  // 7 of 8
  EXPECT_EQ(table.overall[0].routed, 8);
  EXPECT_EQ(table.overall[0].correct, 7);
  EXPECT_DOUBLE_EQ(table.overall[0].share, 0.8);
  EXPECT_FLOAT_EQ(static_cast<float>(table.overall[1].threshold), 0.6F);  // 5 of 5
  EXPECT_DOUBLE_EQ(table.overall[2].share, 1.0);                          // 7 of 10
}

TEST(Routing, ThresholdOfDevIsJudgedOnTest) {
  const auto dev = ten_rows();
  const std::vector<ClassRecord> test = {row(0, 0, 0.95F), row(0, 1, 0.7F), row(0, 0, 0.59F), row(1, 0, 0.1F)};
  const RoutingTable table = route(dev, test, {.precisions = {0.99}, .min_rows = 1});
  const RoutingRow& level = table.overall[0];
  EXPECT_FALSE(table.same_rows);
  EXPECT_EQ(level.rows, 4);
  EXPECT_EQ(level.routed, 2);
  EXPECT_EQ(level.correct, 1);
  EXPECT_DOUBLE_EQ(level.precision, 0.5);
  EXPECT_DOUBLE_EQ(level.chosen_share, 0.5);
  EXPECT_NEAR(level.share_interval.low, wilson(2, 4).low, 1e-12);
  EXPECT_NEAR(level.precision_interval.high, wilson(1, 2).high, 1e-12);
}

TEST(Routing, FewRowsProveNothing) {
  const auto rows = ten_rows();
  const RoutingTable table = route(rows, rows, {.precisions = {0.99}, .min_rows = 6});
  EXPECT_FALSE(table.overall[0].reachable);
  EXPECT_TRUE(std::isnan(table.overall[0].threshold));
  EXPECT_EQ(table.overall[0].routed, 0);
  EXPECT_EQ(table.overall[0].rows, 10);
}

TEST(Routing, TiesAreTakenOrLeftTogether) {
  const std::vector<ClassRecord> rows = {row(0, 0, 0.9F), row(0, 0, 0.5F), row(0, 1, 0.5F)};
  const RoutingTable table = route(rows, rows, {.precisions = {0.99}, .min_rows = 1});
  EXPECT_EQ(table.overall[0].routed, 1);
}

TEST(Routing, ClassesHaveTheirOwnThresholds) {
  std::vector<ClassRecord> dev;
  for (int i = 0; i < 4; ++i) dev.push_back(row(0, 0, 0.4F));      // class 0: always right
  for (int i = 0; i < 4; ++i) dev.push_back(row(i % 2, 1, 0.8F));  // class 1: a coin
  const std::vector<ClassRecord> test = {row(0, 0, 0.5F), row(1, 1, 0.9F), row(0, 2, 0.99F)};
  const RoutingTable table = route(dev, test, {.precisions = {0.9}, .min_rows = 2});
  EXPECT_FALSE(table.overall[0].reachable);
  ASSERT_EQ(table.by_class.size(), 3U);
  EXPECT_TRUE(table.by_class[0].own[0].reachable);
  EXPECT_EQ(table.by_class[0].own[0].routed, 1);
  EXPECT_FALSE(table.by_class[0].at_overall[0].reachable);
  EXPECT_FALSE(table.by_class[1].own[0].reachable);
  EXPECT_EQ(table.by_class[2].label, 2);
  EXPECT_FALSE(table.by_class[2].own[0].reachable) << "dev never predicted it";
  EXPECT_EQ(table.by_class[2].own[0].rows, 1);
}

TEST(Routing, ThresholdsAloneAreJudgedAgain) {
  const auto dev = ten_rows();
  const std::vector<ClassRecord> test = {row(0, 0, 0.95F), row(0, 1, 0.7F), row(0, 0, 0.59F), row(1, 2, 0.1F)};
  const RoutingTable whole = route(dev, test, {.precisions = {0.99, 0.5}, .min_rows = 1});
  // As a file keeps them: thresholds, and nothing of the rows that they were chosen on.
  RoutingTable kept;
  const auto bare = [](const RoutingRow& level) {
    return RoutingRow{
        .precision_wanted = level.precision_wanted, .reachable = level.reachable, .threshold = level.threshold};
  };
  for (const RoutingRow& level : whole.overall) kept.overall.push_back(bare(level));
  for (const ClassRouting& one : whole.by_class) {
    kept.by_class.push_back({one.label, {}, {}});
    for (const RoutingRow& level : one.own) kept.by_class.back().own.push_back(bare(level));
  }
  const RoutingTable again = apply_routing(kept, test);
  EXPECT_FALSE(again.same_rows);
  ASSERT_EQ(again.overall.size(), 2U);
  EXPECT_EQ(again.overall[0].routed, 2);
  EXPECT_EQ(again.overall[0].correct, 1);
  EXPECT_EQ(again.overall[1].routed, whole.overall[1].routed);
  ASSERT_EQ(again.by_class.size(), 3U);
  for (size_t i = 0; i < again.by_class.size(); ++i) {
    ASSERT_EQ(again.by_class[i].own.size(), 2U);
    EXPECT_EQ(again.by_class[i].own[1].routed, whole.by_class[i].own[1].routed) << i;
    EXPECT_EQ(again.by_class[i].at_overall[1].correct, whole.by_class[i].at_overall[1].correct) << i;
  }
  EXPECT_FALSE(again.by_class[2].own[0].reachable) << "dev never predicted it";
}

TEST(Routing, NoRows) {
  const RoutingTable table = route({}, {});
  ASSERT_EQ(table.overall.size(), 3U);
  EXPECT_FALSE(table.overall[0].reachable);
  EXPECT_TRUE(table.by_class.empty());
}

}  // namespace
}  // namespace attune::metrics
