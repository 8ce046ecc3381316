#include "attune/metrics/thresholds.h"

#include <cmath>
#include <gtest/gtest.h>

namespace attune::metrics {
namespace {

MultiLabelMeter one_label(const std::vector<float>& logits, const std::vector<uint8_t>& gold) {
  MultiLabelMeter meter(1, static_cast<int64_t>(gold.size()));
  for (size_t i = 0; i < gold.size(); ++i) {
    meter.add(static_cast<int64_t>(i), std::span(&gold[i], 1), std::span(&logits[i], 1));
  }
  return meter;
}

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

TEST(Thresholds, HalfwayBelowTheLastRowThatHelps) {
  // Taking three rows gives F1 1; the cut lies between -1 and -3.
  const auto meter = one_label({2, -3, -1, 0.5F, -4}, {1, 0, 1, 1, 0});
  const std::vector<double> thresholds = best_f1_thresholds(meter);
  ASSERT_EQ(thresholds.size(), 1U);
  EXPECT_NEAR(thresholds[0], sigmoid(-2), 1e-6);
  EXPECT_DOUBLE_EQ(summarize(meter, thresholds, {.draws = 0}).scores.value("micro_f1"), 1.0);
}

TEST(Thresholds, NeverSplitsATie) {
  const auto meter = one_label({1, 1, 1, 0}, {1, 0, 1, 0});
  const std::vector<double> thresholds = best_f1_thresholds(meter);
  EXPECT_NEAR(thresholds[0], sigmoid(0.5), 1e-6);
}

TEST(Thresholds, LabelWithoutGoldKeepsOneHalf) {
  EXPECT_EQ(best_f1_thresholds(one_label({3, -3}, {0, 0}))[0], 0.5);
}

TEST(Thresholds, StayInsideTheirRange) {
  EXPECT_EQ(best_f1_thresholds(one_label({-30, -40}, {1, 0}))[0], 0.01);
  EXPECT_EQ(best_f1_thresholds(one_label({40, 30}, {1, 0}))[0], 0.99);
}

}  // namespace
}  // namespace attune::metrics
