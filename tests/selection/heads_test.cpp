// What trials on frozen features say: which options, and what is dropped. That heads learn: tests/cli/select_test.py.
#include "attune/selection/measure/heads.h"

#include <gtest/gtest.h>

namespace attune::selection {
namespace {

HeadTrial trial(const std::string& loss, const std::string& of, bool deep, double difference, double half = 0.02) {
  return {.loss = loss,
          .of = of,
          .deep = deep,
          .value = 0.8 + difference,
          .difference = difference,
          .low = difference - half,
          .high = difference + half};
}

std::vector<HeadTrial> both(const std::string& loss, const std::string& of, double linear, double deep) {
  return {trial(loss, of, false, linear), trial(loss, of, true, deep)};
}

template <class... Lists>
std::vector<HeadTrial> joined(const Lists&... lists) {
  std::vector<HeadTrial> all;
  (all.insert(all.end(), lists.begin(), lists.end()), ...);
  return all;
}

TEST(Heads, OtherOptionsAreTakenWhereBothHeadsSaySo) {
  const auto trials = joined(both("oll", "oll", 0.01, 0.01), both("oll(alpha=1)", "oll", 0.03, 0.02),
                             both("oll(alpha=2)", "oll", 0.09, 0.0), both("focal", "focal", 0.5, 0.5));
  EXPECT_EQ(heads_verdict(trials, "oll", "accuracy").best, "oll(alpha=1)");
  EXPECT_EQ(heads_verdict(trials, "focal", "accuracy").best, "") << "no other options were tried";
  EXPECT_EQ(heads_verdict(trials, "unknown", "accuracy").best, "");
  EXPECT_EQ(heads_verdict({}, "oll", "accuracy").dropped, "");
}

TEST(Heads, OnlyWhatIsFarBelowWithBothIsDropped) {
  // The whole interval, and as much again, below the plain loss: -0.05 + 0.04 < 0.
  const auto bad = both("bad", "bad", -0.05, -0.06), one = both("one", "one", -0.05, -0.03);
  EXPECT_NE(heads_verdict(bad, "bad", "accuracy").dropped.find("linear head -5.00 points, small MLP -6.00 points"),
            std::string::npos)
      << heads_verdict(bad, "bad", "accuracy").dropped;
  EXPECT_EQ(heads_verdict(one, "one", "accuracy").dropped, "");
  auto failed = both("stuck", "stuck", 0, 0);
  failed[0].failed = true;
  EXPECT_EQ(heads_verdict(failed, "stuck", "accuracy").dropped, "") << "one head of two";
  failed[1].failed = true;
  EXPECT_NE(heads_verdict(failed, "stuck", "accuracy").dropped.find("learns nothing"), std::string::npos);
  // Options that work save a loss whose first ones do not.
  const auto saved = joined(bad, both("bad(x=1)", "bad", 0.0, 0.01));
  EXPECT_EQ(heads_verdict(saved, "bad", "accuracy").best, "bad(x=1)");
  EXPECT_EQ(heads_verdict(saved, "bad", "accuracy").dropped, "");
}

}  // namespace
}  // namespace attune::selection
