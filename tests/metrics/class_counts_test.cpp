#include "attune/metrics/class_counts.h"

#include <gtest/gtest.h>

namespace attune::metrics {
namespace {

TEST(ClassCounts, ZeroDivisionIsZero) {
  const PRF never_predicted = prf({.correct = 0, .predicted = 0, .gold = 4});
  EXPECT_EQ(never_predicted.precision, 0.0);
  EXPECT_EQ(never_predicted.f1, 0.0);
  EXPECT_EQ(prf({}).f1, 0.0);
}

TEST(ClassCounts, MacroOverPresentOrAll) {
  const ClassCount counts[] = {{2, 2, 2}, {0, 0, 0}, {0, 1, 0}};
  const ClassTable present = class_table(counts, MacroOver::present), all = class_table(counts, MacroOver::all);
  ASSERT_EQ(present.rows.size(), 2U) << "absent in gold and predictions: left out";
  EXPECT_EQ(present.rows[1].label, 2);
  EXPECT_DOUBLE_EQ(present.macro.f1, 0.5);
  ASSERT_EQ(all.rows.size(), 3U);
  EXPECT_DOUBLE_EQ(all.macro.f1, 1.0 / 3);
  EXPECT_DOUBLE_EQ(all.weighted.f1, 1.0);
  EXPECT_EQ(all.support, 2);
}

TEST(ClassCounts, NothingAtAll) {
  const ClassTable table = class_table({}, MacroOver::all);
  EXPECT_EQ(table.macro.f1, 0.0);
  EXPECT_EQ(table.weighted.f1, 0.0);
  EXPECT_EQ(matthews({}), 0.0);
}

TEST(ClassCounts, MatthewsOfTwoClassesIsPhi) {
  // TP 6, FN 1, FP 2, TN 3.
  const ClassCount counts[] = {{3, 4, 5}, {6, 8, 7}};
  EXPECT_NEAR(matthews(counts), (6.0 * 3 - 2.0 * 1) / std::sqrt(8.0 * 7 * 5 * 4), 1e-12);
}

}  // namespace
}  // namespace attune::metrics
