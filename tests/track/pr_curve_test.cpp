#include "attune/track/pr_curve.h"

#include <gtest/gtest.h>
#include <vector>

namespace attune::track {
namespace {

TEST(PrCurve, CountsAsAWalkOverTheRowsDoes) {
  const std::vector<std::pair<double, bool>> rows{{0.0, false}, {0.1, true},  {0.31, false}, {0.5, true},
                                                  {0.5, false}, {0.77, true}, {0.999, true}, {1.0, true}};
  PrCounts counts;
  for (const auto& [probability, positive] : rows) counts.add(probability, positive);
  const PrCurve curve = counts.curve();
  for (size_t i = 0; i < curve.recall.size(); ++i) {
    const double threshold = static_cast<double>(i) / 200;
    int tp = 0, fp = 0, tn = 0, fn = 0;
    for (const auto& [probability, positive] : rows) {
      // A probability counts as the highest threshold that it reaches.
      const bool found = static_cast<double>(static_cast<int>(probability * 200)) / 200 >= threshold;
      ++(found ? positive ? tp : fp : positive ? fn : tn);
    }
    EXPECT_EQ(curve.true_positives[i], tp) << threshold;
    EXPECT_EQ(curve.false_positives[i], fp) << threshold;
    EXPECT_EQ(curve.true_negatives[i], tn) << threshold;
    EXPECT_EQ(curve.false_negatives[i], fn) << threshold;
    EXPECT_DOUBLE_EQ(curve.recall[i], tp / 5.0);
    EXPECT_DOUBLE_EQ(curve.precision[i], tp + fp ? tp / static_cast<double>(tp + fp) : 0);
  }
  EXPECT_EQ(curve.true_positives[0] + curve.false_positives[0], 8);  // everything is found at 0
  EXPECT_EQ(curve.true_positives[200], 1);                           // and at 1 what is sure
}

TEST(PrCurve, WithoutRowsIsZero) {
  const PrCurve curve = PrCounts().curve();
  EXPECT_EQ(curve.precision[100], 0);
  EXPECT_EQ(curve.recall[0], 0);
}

}  // namespace
}  // namespace attune::track
