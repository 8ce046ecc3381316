#include "attune/compare/verdict.h"

#include <cmath>
#include <gtest/gtest.h>

#include "attune/base/rng.h"

namespace attune::compare {
namespace {

// Three folds of 1,000 rows, in points.
Differences folds(std::vector<double> by_block, double block_variance = 0.85, double rows = 1000) {
  const auto blocks = static_cast<double>(by_block.size());
  return {.by_block = std::move(by_block),
          .block_variance = block_variance,
          .mean_variance = block_variance / blocks,
          .units = blocks * rows};
}

TEST(Verdict, RunsThatAgree) {
  const Verdict v = judge(folds({1.2, 0.4, 1.6}), {.worth = 0.5});
  EXPECT_EQ(v.runs_variance, 0);
  EXPECT_NEAR(v.variance, 0.2833, 5e-5);
  EXPECT_NEAR(v.df, 2999, 1e-6);
  EXPECT_NEAR(v.low, 0.02, 0.005);
  EXPECT_NEAR(v.high, 2.11, 0.005);
  EXPECT_NEAR(v.wrong, 0.023, 5e-4);
  EXPECT_NEAR(v.turns, 0.158, 5e-4);
  EXPECT_NEAR(v.visible, 1.49, 0.005);
  EXPECT_EQ(v.state, State::better);
  EXPECT_TRUE(v.rows_are_the_bottleneck);
}

TEST(Verdict, TheSameMeanOfRunsThatDoNot) {
  const Verdict v = judge(folds({2.5, -0.5, 1.2}), {.worth = 0.5});
  EXPECT_NEAR(v.runs_variance, 1.838, 5e-4);
  EXPECT_NEAR(v.variance, 0.896, 5e-4);
  EXPECT_NEAR(v.df, 4.28, 0.005);
  EXPECT_NEAR(v.low, -1.50, 0.005);
  EXPECT_NEAR(v.high, 3.63, 0.005);
  EXPECT_NEAR(v.wrong, 0.160, 5e-4);
  EXPECT_NEAR(v.turns, 0.301, 5e-4);
  EXPECT_NEAR(v.visible, 3.45, 0.01);
  EXPECT_EQ(v.state, State::undecided);
  EXPECT_FALSE(v.rows_are_the_bottleneck);
  ASSERT_TRUE(v.needed.runs);
  EXPECT_GT(*v.needed.runs, 5);
  EXPECT_FALSE(v.needed.units) << "no number of rows makes up for three runs that differ so";
}

TEST(Verdict, States) {
  EXPECT_EQ(judge(folds({3, 3.1, 2.9}), {.worth = 0.5}).state, State::better_by_worth);
  EXPECT_EQ(judge(folds({-3, -3.1, -2.9}), {.worth = 0.5}).state, State::better_by_worth);
  EXPECT_EQ(judge(folds({0.1, -0.1, 0.05}, 0.01), {.worth = 0.5}).state, State::no_difference);
  EXPECT_EQ(judge(folds({0.1, -0.1, 0.05}), {.worth = 0.5}).state, State::undecided);
  EXPECT_EQ(judge(folds({0.3, 0.31, 0.29}, 0.001), {.worth = 0.5}).state, State::no_difference)
      << "shown, and too small to matter";
}

// Fewer than three runs claim little, and one nothing.
TEST(Verdict, FewRuns) {
  const Verdict one = judge(folds({9}), {.worth = 0.5});
  EXPECT_EQ(one.state, State::undecided);
  EXPECT_TRUE(std::isnan(one.turns));
  EXPECT_FALSE(one.needed.units);
  EXPECT_EQ(judge(folds({1.2, 1.21}, 0.5), {.worth = 0.5}).state, State::undecided);
  EXPECT_EQ(judge(folds({3, 3}), {.worth = 0.5}).state, State::better_by_worth);
  EXPECT_EQ(judge(folds({0, 0}, 0.0001), {.worth = 0.5}).state, State::undecided);
}

TEST(Verdict, TheSameThing) {
  const Verdict v = judge(folds({0, 0, 0}, 0), {.worth = 0.5});
  EXPECT_EQ(v.state, State::no_difference);
  EXPECT_EQ(v.low, 0);
  EXPECT_EQ(v.high, 0);
  EXPECT_EQ(v.wrong, 0.5);
}

TEST(Verdict, TurnedRoundItIsTheSame) {
  const Verdict a = judge(folds({1.2, 0.4, 1.6}), {.worth = 0.5}), b = judge(folds({-1.2, -0.4, -1.6}), {.worth = 0.5});
  EXPECT_EQ(a.state, b.state);
  EXPECT_DOUBLE_EQ(a.low, -b.high);
  EXPECT_DOUBLE_EQ(a.wrong, b.wrong);
}

TEST(Verdict, MoreFinalistsWidenIt) {
  const Verdict one = judge(folds({1.2, 0.4, 1.6}), {.worth = 0.5});
  const Verdict two = judge(folds({1.2, 0.4, 1.6}), {.finalists = 2, .worth = 0.5});
  EXPECT_GT(two.high - two.low, one.high - one.low);
  EXPECT_NEAR(two.high - two.low, (one.high - one.low) * 2.2414 / 1.96, 0.01);
}

// Finalists with unlike many blocks: what is known of runs is what they have together.
TEST(Verdict, FreedomOfUnlikeFinalists) {
  const Differences seen = folds({2.5, -0.5, 1.2});
  const auto half = [&](std::optional<double> freedom) {
    const Verdict v = judge(seen, {.finalists = 2, .runs_variance = 2.26, .runs_freedom = freedom, .worth = 0.5});
    return v.high - v.low;
  };
  EXPECT_DOUBLE_EQ(half(4), half({})) << "two of three blocks each: M (S - 1)";
  EXPECT_GT(half(2), half(4)) << "the other has one block";
  const Verdict own = judge(seen, {.runs_variance = 2.26, .runs_freedom = 2, .worth = 0.5});
  EXPECT_DOUBLE_EQ(own.df, judge(seen, {.runs_variance = 2.26, .worth = 0.5}).df);
}

// Two ways to answer with the same models: a block says something of its model.
TEST(Verdict, TheSameModels) {
  EXPECT_EQ(judge(folds({3}), {.worth = 0.5, .same_models = true}).state, State::better_by_worth);
  EXPECT_EQ(judge(folds({2}), {.worth = 0.5, .same_models = true}).state, State::better);
  EXPECT_EQ(judge(folds({0.1}, 0.01), {.worth = 0.5, .same_models = true}).state, State::no_difference);
  EXPECT_EQ(judge(folds({1}), {.worth = 0.5, .same_models = true}).state, State::undecided);
  EXPECT_EQ(judge(folds({1.2, 1.21}, 0.5), {.worth = 0.5, .same_models = true}).state, State::better);
  EXPECT_EQ(judge(folds({3}), {.worth = 0.5}).state, State::undecided);
}

// The same rows in every block: more runs do not shorten what the rows leave open.
TEST(Verdict, SameRows) {
  const Differences seen{.by_block = {1.2, 0.4, 1.6}, .block_variance = 0.85, .mean_variance = 0.6, .units = 1000};
  const Verdict v = judge(seen, {.worth = 0.5});
  EXPECT_NEAR(v.variance, 0.6, 1e-12);
  EXPECT_EQ(v.state, State::undecided);
  EXPECT_FALSE(v.needed.runs) << "a thousand runs on these rows leave sqrt(0.475) points";
  ASSERT_TRUE(v.needed.units);
  EXPECT_GT(*v.needed.units, 3000);
}

// False claims where there is no difference, and how often the interval holds the truth: the model of SELECTION's
// simulations, as differences of means.
TEST(Verdict, ClaimsLittleThatIsNotSo) {
  constexpr int kTurns = 4000;
  for (const double tau : {0.0, 0.5, 1.0}) {
    int claims = 0, holds = 0;
    for (int turn = 0; turn < kTurns; ++turn) {
      std::vector<double> by_block;
      for (uint32_t s = 0; s < 3; ++s) {
        const auto at = [&](uint32_t i) { return random_normal(mix64(static_cast<uint64_t>(turn)), 10 * s + i); };
        by_block.push_back(tau * (at(0) - at(1)) + std::sqrt(0.85) * at(2));
      }
      const Verdict v = judge(folds(by_block), {.worth = 0.5});
      claims += v.state == State::better || v.state == State::better_by_worth;
      holds += v.low <= 0 && v.high >= 0;
    }
    EXPECT_LT(claims, 0.10 * kTurns) << tau;  // of both signs; one-sided 1 to 5 in 100
    EXPECT_GT(holds, 0.90 * kTurns) << tau;
  }
}

}  // namespace
}  // namespace attune::compare
