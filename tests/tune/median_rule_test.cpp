#include "attune/tune/median_rule.h"

#include <cmath>
#include <gtest/gtest.h>

namespace attune::tune {
namespace {

Curve curve(std::initializer_list<double> values) {
  Curve made;
  for (const double value : values) made.push_back({0.25 * static_cast<double>(made.size() + 1), value});
  return made;
}
// Means up to 0.5: 0.5, 0.6, 0.7, 0.8, 0.9; up to 1: 0.65 ... 1.05.
std::vector<Curve> others() {
  std::vector<Curve> made;
  for (const double base : {0.5, 0.6, 0.7, 0.8, 0.9})
    made.push_back(curve({base - 0.1, base + 0.1, base + 0.2, base + 0.4}));
  return made;
}

TEST(MedianRule, BestAgainstTheMedianOfMeans) {
  EXPECT_TRUE(is_hopeless(curve({0.2, 0.69}), others()));
  EXPECT_FALSE(is_hopeless(curve({0.2, 0.7}), others())) << "strictly below";
  EXPECT_FALSE(is_hopeless(curve({0.75, 0.1}), others())) << "its best counts, not its last";
  EXPECT_TRUE(is_hopeless(curve({0.2, 0.3, 0.4, 0.84}), others()));
  EXPECT_FALSE(is_hopeless(curve({0.2, 0.3, 0.4, 0.86}), others()));
}

TEST(MedianRule, NotYetAndNotByFew) {
  EXPECT_FALSE(is_hopeless({}, others()));
  EXPECT_FALSE(is_hopeless(curve({0.0}), others())) << "at a quarter nothing is told";
  EXPECT_TRUE(is_hopeless(curve({0.0}), others(), {.least_progress = 0.25}));
  auto few = others();
  few.pop_back();
  EXPECT_FALSE(is_hopeless(curve({0.0, 0.0}), few));
  few.push_back(curve({0.9}));
  EXPECT_FALSE(is_hopeless(curve({0.0, 0.0}), few)) << "it has not come so far";
}

TEST(MedianRule, WhatIsNoNumberIsAsBadAsCanBe) {
  EXPECT_TRUE(is_hopeless(curve({std::nan(""), std::nan("")}), others()));
  auto broken = others();
  for (size_t i = 0; i < 3; ++i) broken[i][0].value = std::nan("");
  EXPECT_FALSE(is_hopeless(curve({0.0, 0.0}), broken));
}

}  // namespace
}  // namespace attune::tune
