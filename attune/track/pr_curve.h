// Precision and recall at 201 thresholds 0, 1/200, ..., 1: a row counts as found where its probability is at least the
// threshold. Counts alone are kept, so a curve costs the same for any number of rows.
//
//   precision = found rightly / found, recall = found rightly / all that are right; 0 where nothing could be divided
#pragma once
#include <array>
#include <cstdint>
#include <vector>

namespace attune::track {

struct PrCurve {
  static constexpr int kThresholds = 201;
  std::array<int64_t, kThresholds> true_positives{}, false_positives{}, true_negatives{}, false_negatives{};
  std::array<double, kThresholds> precision{}, recall{};
};

class PrCounts {
 public:
  // `probability` in [0, 1]; of the answer that `positive` says is right.
  void add(double probability, bool positive);
  PrCurve curve() const;

 private:
  std::array<int64_t, PrCurve::kThresholds> positives_{}, negatives_{};  // by the highest threshold they reach
};

}  // namespace attune::track
