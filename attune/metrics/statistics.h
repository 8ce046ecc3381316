// A metric is a function of weighted rows. Its value has weight 1 on every row; a bootstrap draw has multinomial
// weights. Each task's metrics implement this one interface, so point values and intervals come from the same code.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "attune/metrics/score.h"

namespace attune::metrics {

class Statistics {
 public:
  virtual ~Statistics() = default;
  // Names from the catalogue, in report order.
  virtual const std::vector<std::string>& names() const = 0;
  // What is resampled: rows, or sentences for tagging.
  virtual int64_t units() const = 0;
  // Writes names().size() values; an undefined one is NaN. `weights` [units()]: how often each unit counts. Does not
  // change the object; may be called from many threads.
  virtual void evaluate(std::span<const uint32_t> weights, std::span<double> values) const = 0;
  // The value of names()[metric] alone, bit for bit evaluate's: cheaper where ranks would be counted for nothing.
  virtual double evaluate_one(size_t metric, std::span<const uint32_t> weights) const;
};

struct BootstrapOptions {
  int draws = 1000;     // 0: no intervals
  double level = 0.95;  // percentile interval
  uint64_t seed = 0;
};

// The values with every weight 1; with draws > 0 each also has its interval. An undefined value carries the
// catalogue's reason as its note.
Scores evaluate(const Statistics& statistics, const BootstrapOptions& options = {.draws = 0});

}  // namespace attune::metrics
