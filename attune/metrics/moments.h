// Mean and variance of what comes, by Welford's recurrence (1962): no sum of squares that cancels.
#pragma once

namespace attune::metrics {

struct Moments {
  double count = 0, mean = 0, squares = 0;
  void see(double x) {
    const double off = x - mean;
    mean += off / ++count, squares += off * (x - mean);
  }
  double variance() const { return count > 1 ? squares / (count - 1) : 0; }
};

}  // namespace attune::metrics
