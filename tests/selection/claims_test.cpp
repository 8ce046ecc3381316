// Claims over many races, of runs that nobody trained (fake_runs.h): where nothing is better hardly one says so, and
// where something is, the intervals hold it.
#include <gtest/gtest.h>

#include "tests/selection/fake_runs.h"

namespace attune::selection {
namespace {

// Races in which every loss is as good as the plain one: how often is one said to be better?
int false_claims(int races, double tau, int rows) {
  int claims = 0;
  for (int race = 0; race < races; ++race) {
    const World world{.seed = 1000 + static_cast<uint64_t>(race), .rows = rows, .inner = 30, .tau = tau};
    Plan plan = fake_plan(world, "8");
    plan.options.draws = 100;
    const Choice choice = *made(world, plan).choice;
    claims += choice.loss_is_proven;
  }
  return claims;
}

class Claims : public testing::Test {
 protected:
  void SetUp() override {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "rates need hundreds of races, which take minutes here; the release build's tests have them";
#endif
  }
};

TEST_F(Claims, ClaimsLittleWhereNothingIsBetter) {
  EXPECT_LT(false_claims(200, 0.005, 400), 0.06 * 200) << "seeds 1000 to 1199";
}

// Where a run's luck is more than the rows': rows alone would take it for a difference.
TEST_F(Claims, LuckIsNoAdvantage) {
  EXPECT_LT(false_claims(100, 0.03, 400), 0.06 * 100) << "seeds 1000 to 1099";
}

// Of many races: it is found nearly always, and the interval holds the truth about as often as it says.
TEST_F(Claims, TheIntervalHoldsWhatWasPlanted) {
  constexpr int kRaces = 40;
  int holds = 0, wins = 0;
  double sum = 0;
  for (uint64_t seed = 1; seed <= kRaces; ++seed) {
    const World world{.seed = seed, .rows = 400, .inner = 30, .better = {{"planted", 0.06}}};
    Plan plan = fake_plan(world, "8");
    plan.options.candidates = {"planted"};
    const Choice choice = *made(world, plan).choice;
    wins += choice.loss == "planted";
    for (const Judgement& judgement : choice.judgements)
      if (judgement.first == "planted") {
        holds += judgement.verdict.low <= 0.06 && judgement.verdict.high >= 0.06;
        sum += judgement.verdict.difference;
      }
  }
  EXPECT_GE(wins, 32) << "of 40, seeds 1 to 40";
  EXPECT_GE(holds, 34) << "of 40, seeds 1 to 40";
  EXPECT_NEAR(sum / kRaces, 0.06, 0.006) << "a race that was won is no part of the verdict";
}

// Nothing to correct: a cut that is fitted to luck does not pay.
TEST_F(Claims, CorrectionsOfLuckDoNotPay) {
  int pay = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    const World world{.seed = seed, .rows = 400, .inner = 60};
    pay += made(world, fake_plan(world, "1", {"no", "yes"})).choice->corrections_pay;
  }
  EXPECT_LE(pay, 3) << "of 60, seeds 1 to 60";
}

}  // namespace
}  // namespace attune::selection
