#include "attune/baselines/lbfgs.h"

#include <cmath>
#include <gtest/gtest.h>

namespace attune::baselines {
namespace {

TEST(Lbfgs, FindsTheLowestPointOfAnIllConditionedBowl) {
  int calls = 0;
  const Objective bowl = [&](std::span<const float> x, std::span<float> g) {
    ++calls;
    double value = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      const double scale = std::pow(10.0, static_cast<double>(i) / 3),
                   d = static_cast<double>(x[i]) - static_cast<double>(i);
      value += 0.5 * scale * d * d;
      g[i] = static_cast<float>(scale * d);
    }
    return value;
  };
  std::vector<float> x(10, 5.0f);
  const LbfgsResult result = minimise(bowl, x, {.max_iterations = 200, .tolerance = 1e-6});
  EXPECT_TRUE(result.converged);
  for (size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(x[i], static_cast<float>(i), 1e-3);
  EXPECT_LT(calls, 100) << "steepest descent would need thousands";
}

TEST(Lbfgs, StopsAtOnceWhereTheGradientIsZero) {
  const Objective flat = [](std::span<const float>, std::span<float> g) {
    g[0] = 0;
    return 1.0;
  };
  std::vector<float> x{3};
  const LbfgsResult result = minimise(flat, x, {});
  EXPECT_TRUE(result.converged);
  EXPECT_EQ(result.iterations, 0);
  EXPECT_EQ(x[0], 3);
}

TEST(Lbfgs, GivesUpWhereNoStepHelps) {
  // The gradient lies: no step along it makes the value smaller.
  const Objective liar = [](std::span<const float> x, std::span<float> g) {
    g[0] = 1;
    return -static_cast<double>(x[0]);
  };
  std::vector<float> x{0};
  const LbfgsResult result = minimise(liar, x, {});
  EXPECT_FALSE(result.converged);
  EXPECT_EQ(x[0], 0) << "nothing is moved by a step that failed";
}

}  // namespace
}  // namespace attune::baselines
