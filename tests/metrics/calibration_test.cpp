#include "attune/metrics/calibration.h"

#include <cmath>
#include <gtest/gtest.h>

namespace attune::metrics {
namespace {

TEST(Calibration, BinsAreOpenBelowAndClosedAbove) {
  EXPECT_EQ(calibration_bin(0), 0);
  EXPECT_EQ(calibration_bin(0.2), 2);  // (2/15, 3/15]
  EXPECT_EQ(calibration_bin(0.2000001), 3);
  EXPECT_EQ(calibration_bin(1), 14);
  EXPECT_EQ(calibration_bin(1.0000001), 14);
}

TEST(Calibration, WeightsTheGapOfEachBin) {
  CalibrationBins bins{};
  bins[14] = {.rows = 3, .correct = 2, .confidence = 2.9};
  bins[7] = {.rows = 1, .correct = 1, .confidence = 0.5};
  EXPECT_NEAR(expected_calibration_error(bins), (0.9 + 0.5) / 4, 1e-12);
  EXPECT_TRUE(std::isnan(expected_calibration_error({})));
}

}  // namespace
}  // namespace attune::metrics
