#include "attune/track/histogram.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <numeric>

namespace attune::track {
namespace {

TEST(Histogram, OfNothingIsEmpty) {
  const Histogram h = HistogramSum().histogram();
  EXPECT_EQ(h.count, 0);
  EXPECT_TRUE(h.limits.empty() && h.counts.empty());
}

TEST(Histogram, PutsValuesIntoQuartersOfOctaves) {
  HistogramSum sum;
  sum.add(std::vector<float>{1.0f, 1.2f, 1.25f, -3.0f, 0.0f, 1e-20f});
  const Histogram h = sum.histogram();
  EXPECT_EQ(h.limits, (std::vector<double>{-3.5, -3.0, -std::ldexp(1, -40), std::ldexp(1, -40), 1.0, 1.25, 1.5}));
  EXPECT_EQ(h.counts, (std::vector<double>{0, 1, 0, 2, 0, 2, 1}));
  EXPECT_EQ(h.min, -3);
  EXPECT_EQ(h.max, 1.25);
  EXPECT_EQ(h.count, 6);
  EXPECT_NEAR(h.sum, 0.45, 1e-6);
  EXPECT_NEAR(h.sum_squares, 1 + 1.44 + 1.5625 + 9, 1e-6);
}

TEST(Histogram, EveryValueStandsBetweenItsLimits) {
  std::vector<float> values;
  for (int i = 0; i < 5000; ++i) {
    const double magnitude = std::exp2(-45.0 + 80.0 * i / 5000);
    values.push_back(static_cast<float>(i % 2 ? magnitude : -magnitude));
  }
  values.push_back(std::numeric_limits<float>::max());
  values.push_back(-std::numeric_limits<float>::max());
  HistogramSum sum;
  sum.add(values);
  const Histogram h = sum.histogram();
  EXPECT_TRUE(std::is_sorted(h.limits.begin(), h.limits.end()));
  EXPECT_EQ(h.counts.front(), 0);
  EXPECT_EQ(std::accumulate(h.counts.begin(), h.counts.end(), 0.0), static_cast<double>(values.size()));
  for (size_t i = 1; i < h.limits.size(); ++i) {
    const auto inside = std::count_if(values.begin(), values.end(), [&](float v) {
      // Of |x| the smaller bound belongs to a bucket, on both sides of zero.
      return h.limits[i] < 0 ? v > h.limits[i - 1] && v <= h.limits[i] : v >= h.limits[i - 1] && v < h.limits[i];
    });
    EXPECT_EQ(static_cast<double>(inside), h.counts[i]) << h.limits[i - 1] << " to " << h.limits[i];
  }
}

TEST(Histogram, LeavesOutWhatIsNotFinite) {
  HistogramSum sum;
  sum.add(std::vector<float>{NAN, INFINITY, -INFINITY, 2.0f});
  const Histogram h = sum.histogram();
  EXPECT_EQ(h.count, 1);
  EXPECT_EQ(h.min, 2);
  EXPECT_EQ(h.max, 2);
}

}  // namespace
}  // namespace attune::track
