#include "attune/metrics/score.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "attune/base/error.h"

namespace attune::metrics {
namespace {

TEST(Scores, KeepOrderAndReplaceInPlace) {
  Scores scores;
  scores.set("accuracy", 0.5);
  scores.set("loss", 2);
  scores.set("accuracy", 0.75);
  ASSERT_EQ(scores.size(), 2U);
  EXPECT_EQ(scores.begin()->name, "accuracy");
  EXPECT_EQ(scores.value("accuracy"), 0.75);
  EXPECT_TRUE(std::isnan(scores.value("f1")));
}

TEST(Scores, UnknownNameSuggestsAndLists) {
  Scores scores;
  scores.set("macro_f1", 0.5);
  try {
    scores.at("macro_f2");
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("did you mean 'macro_f1'"), std::string::npos) << error.message();
  }
}

TEST(Scores, UndefinedAndInfiniteAreNullInJson) {
  Scores scores;
  scores.set("auroc", kUndefined);
  scores.set("loss", INFINITY);
  scores.set("accuracy", 0.25);
  EXPECT_EQ(to_json(scores).dump(), R"({"accuracy":0.25,"auroc":null,"loss":null})");
}

TEST(Wilson, KnownValues) {
  // Textbook values (rounded): 8 of 10 -> 0.490 to 0.943; none of 10 -> 0 to 0.278.
  const Interval eight = wilson(8, 10), none = wilson(0, 10), all = wilson(10, 10);
  EXPECT_NEAR(eight.low, 0.4902, 1e-4);
  EXPECT_NEAR(eight.high, 0.9433, 1e-4);
  EXPECT_EQ(none.low, 0.0);
  EXPECT_NEAR(none.high, 0.2775, 1e-4);
  EXPECT_NEAR(all.low, 1 - none.high, 1e-12);
  EXPECT_EQ(all.high, 1.0);
  EXPECT_FALSE(wilson(0, 0).defined());
}

}  // namespace
}  // namespace attune::metrics
