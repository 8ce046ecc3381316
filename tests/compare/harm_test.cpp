#include "attune/compare/harm.h"

#include <cmath>
#include <gtest/gtest.h>

namespace attune::compare {
namespace {

// Clopper and Pearson's upper limits, as R's binom.test(k, n)$conf.int[2] gives them (scipy: beta.ppf(0.975, k+1,
// n-k)).
TEST(Harm, UpperLimitsOfShares) {
  EXPECT_NEAR(share_at_most(0, 100, 0.975), 1 - std::pow(0.025, 0.01), 1e-12);
  EXPECT_NEAR(share_at_most(0, 10, 0.975), 0.3084971, 1e-6);
  EXPECT_NEAR(share_at_most(3, 10, 0.975), 0.6524529, 1e-6);
  EXPECT_NEAR(share_at_most(50, 100, 0.975), 0.6016789, 1e-6);
  EXPECT_EQ(share_at_most(7, 7, 0.975), 1);
}

constexpr HarmOptions kShares{.margin = 0.005, .share_bounds = true};
constexpr HarmOptions kOther{.margin = 0.005, .share_bounds = false};

TEST(Harm, NoChangeAmongFewRowsProvesNothing) {
  const Fall none{.difference = 0, .low = 0, .high = 0, .rows = 100, .changed = 0};
  for (const HarmOptions& options : {kShares, kOther})
    EXPECT_EQ(judge_harm(none, {.rows = 100, .changed = 0}, options).harm, Harm::undecided);
  const HarmVerdict verdict = judge_harm(none, {.rows = 100, .changed = 0}, kShares);
  ASSERT_TRUE(verdict.needed);
  // 1 - 0.025^(1/n) <= 0.005 from 736 on; steps are a twentieth
  EXPECT_GE(*verdict.needed, 736);
  EXPECT_LE(*verdict.needed, 800);
  EXPECT_EQ(judge_harm(none, {.rows = 736, .changed = 0}, kShares).harm, Harm::safe);
}

TEST(Harm, UnlabelledRowsBoundTheFallOfAccuracy) {
  const HarmVerdict verdict = judge_harm(std::nullopt, {.rows = 5000, .changed = 8}, kShares);
  EXPECT_EQ(verdict.harm, Harm::safe);
  EXPECT_EQ(verdict.by, HarmBy::changed);
  EXPECT_EQ(judge_harm(std::nullopt, {.rows = 5000, .changed = 8}, kOther).harm, Harm::undecided);
  EXPECT_EQ(judge_harm(std::nullopt, {.rows = 5000, .changed = 200}, kShares).harm, Harm::undecided);
  EXPECT_FALSE(judge_harm(std::nullopt, {.rows = 5000, .changed = 200}, kShares).needed);
}

// A fall is what turns wrong less what turns right, so rows that turn wrong bound it; of 1 among 1,540 by summing
// binomials 0.0036126.
TEST(Harm, LabelledRowsThatTurnWrongBoundTheFall) {
  const auto judged = [](int64_t wrong, int64_t rows, int64_t all, const HarmOptions& options) {
    const Fall fall{.rows = rows, .changed = 8, .turned_wrong = wrong};
    return judge_harm(fall, {.rows = all, .changed = 8}, options);
  };
  const HarmVerdict one = judged(1, 1540, 1540, kShares);
  EXPECT_EQ(one.harm, Harm::safe);
  EXPECT_EQ(one.by, HarmBy::turned_wrong);
  EXPECT_NEAR(*one.wrong_at_most, 0.0036126, 1e-6);
  EXPECT_GT(one.changed_at_most, 0.005);
  EXPECT_EQ(judged(6, 1540, 1540, kShares).harm, Harm::undecided);
  EXPECT_GT(*judged(6, 1540, 1540, kShares).needed, 1540);
  EXPECT_EQ(judged(1, 1540, 1540, kOther).harm, Harm::undecided) << "of accuracy alone";
  // Texts beside them: both are asked, each at half the risk, 0.9875.
  const HarmVerdict both = judged(6, 1540, 6000, kShares);
  EXPECT_EQ(both.by, HarmBy::changed);
  EXPECT_DOUBLE_EQ(both.bound_level, 0.9875);
  EXPECT_EQ(both.changed_at_most, share_at_most(8, 6000, 0.9875));
}

TEST(Harm, TheIntervalDecidesWhereEnoughChanged) {
  const auto harm = [](double low, double high, int64_t changed) {
    const Fall fall{.difference = (low + high) / 2, .low = low, .high = high, .rows = 1000, .changed = changed};
    return judge_harm(fall, {.rows = 1000, .changed = changed}, kOther);
  };
  EXPECT_EQ(harm(-0.004, 0.002, 40).harm, Harm::safe);
  EXPECT_EQ(harm(-0.03, -0.006, 40).harm, Harm::harmful);
  EXPECT_EQ(harm(-0.01, 0.002, 40).harm, Harm::undecided);
  EXPECT_EQ(harm(-0.004, 0.002, 5).harm, Harm::undecided) << "five changed answers tell an interval little";
  EXPECT_EQ(harm(-0.004, 0.002, 5).needed, 2000);
  EXPECT_FALSE(harm(-0.010, 0.0, 5).needed) << "a fall of just the margin is never decided";
  // half width 0.006, 0.001 away from the margin: 36 times the rows
  EXPECT_EQ(harm(-0.010, 0.002, 40).needed, 36000);
}

}  // namespace
}  // namespace attune::compare
