#include "attune/metrics/calibration.h"

#include <algorithm>
#include <cmath>

#include "attune/metrics/score.h"

namespace attune::metrics {

int calibration_bin(double probability) {
  const int bin = static_cast<int>(std::ceil(probability * kCalibrationBins)) - 1;
  return std::clamp(bin, 0, kCalibrationBins - 1);
}

double expected_calibration_error(const CalibrationBins& bins) {
  int64_t rows = 0;
  double gap = 0;
  for (const CalibrationBin& bin : bins) {
    rows += bin.rows;
    gap += std::abs(static_cast<double>(bin.correct) - bin.confidence);
  }
  return rows == 0 ? kUndefined : gap / static_cast<double>(rows);
}

}  // namespace attune::metrics
