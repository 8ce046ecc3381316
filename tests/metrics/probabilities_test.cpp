#include "attune/metrics/probabilities.h"

#include <cmath>
#include <gtest/gtest.h>

namespace attune::metrics {
namespace {

// e / (1 + e) = 0.7310585786300049 (to 16 digits).
constexpr double kOfOne = 0.7310585786300049;

TEST(Probabilities, SoftmaxOfTwoIsTheSigmoidOfTheirDifference) {
  const std::vector<float> logits{2, 1};
  const auto p = softmax(logits);
  ASSERT_EQ(p.size(), 2U);
  EXPECT_NEAR(p[0], kOfOne, 1e-15);
  EXPECT_NEAR(p[1], 1 - kOfOne, 1e-15);
}

TEST(Probabilities, SoftmaxBearsAnySize) {
  const std::vector<float> logits{3e38F, -3e38F, 3e38F};
  EXPECT_EQ(softmax(logits), (std::vector<double>{0.5, 0, 0.5}));
  EXPECT_EQ(softmax(std::vector<float>{-1e30F}), std::vector<double>{1});
}

TEST(Probabilities, SigmoidsAreEachTheirOwn) {
  const auto p = sigmoids(std::vector<float>{1, 0, -1, 1000, -1000});
  ASSERT_EQ(p.size(), 5U);
  EXPECT_NEAR(p[0], kOfOne, 1e-15);
  EXPECT_EQ(p[1], 0.5);
  EXPECT_NEAR(p[2], 1 - kOfOne, 1e-15);
  EXPECT_EQ(p[3], 1);
  EXPECT_EQ(p[4], 0);
  EXPECT_TRUE(sigmoids({}).empty());
}

}  // namespace
}  // namespace attune::metrics
