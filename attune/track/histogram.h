// How many values fall where: the distribution of a group of weights or gradients.
//
// Buckets are four to an octave, on both sides of zero: |x| in [2^e (1 + m/4), 2^e (1 + (m+1)/4)), m = 0..3; smaller
// ones than 2^-40 count as zero. Finding a bucket is a shift of the number's bits. Values that are not finite are left
// out. Sums are taken in f64 in the order of the values.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace attune::track {

struct Histogram {
  double min = 0, max = 0, count = 0, sum = 0, sum_squares = 0;
  // Bucket i holds counts[i] values up to limits[i], from limits[i - 1] on; the first holds none and only says where
  // the second begins. Ascending. Empty where there was no value.
  std::vector<double> limits, counts;
};

class HistogramSum {
 public:
  HistogramSum();
  void add(std::span<const float> values);
  Histogram histogram() const;

 private:
  std::vector<int64_t> negative_, positive_;  // by bucket of |x|
  int64_t zeros_ = 0;
  double min_, max_, sum_ = 0, sum_squares_ = 0;
};

}  // namespace attune::track
