// Does a probability of 0.8 come true in 80 of 100 rows? Rows are sorted into 15 equal bins of their top probability.
#pragma once
#include <array>
#include <cstdint>

namespace attune::metrics {

inline constexpr int kCalibrationBins = 15;

struct CalibrationBin {
  int64_t rows = 0;
  int64_t correct = 0;
  double confidence = 0;  // sum of the top probabilities
};
using CalibrationBins = std::array<CalibrationBin, kCalibrationBins>;

// The bin of a probability: bin b holds (b/15, (b+1)/15], and 0 falls in the first.
int calibration_bin(double probability);

// Expected calibration error, sum over bins of rows/all * |correct/rows - mean confidence| (Naeini et al. 2015; bins
// as in Guo et al. 2017, arXiv 1706.04599, eq. 3). NaN for no rows.
double expected_calibration_error(const CalibrationBins& bins);

}  // namespace attune::metrics
