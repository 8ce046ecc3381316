#include "attune/track/pr_curve.h"

#include <algorithm>

namespace attune::track {

void PrCounts::add(double probability, bool positive) {
  constexpr int kLast = PrCurve::kThresholds - 1;
  const int reached = std::clamp(static_cast<int>(probability * kLast), 0, kLast);
  ++(positive ? positives_ : negatives_)[static_cast<size_t>(reached)];
}

PrCurve PrCounts::curve() const {
  PrCurve curve;
  int64_t found_right = 0, found_wrong = 0, right = 0, wrong = 0;
  for (size_t i = 0; i < positives_.size(); ++i) right += positives_[i], wrong += negatives_[i];
  const auto share = [](int64_t part, int64_t whole) {
    return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0.0;
  };
  for (size_t i = positives_.size(); i-- > 0;) {
    found_right += positives_[i], found_wrong += negatives_[i];
    curve.true_positives[i] = found_right, curve.false_positives[i] = found_wrong;
    curve.true_negatives[i] = wrong - found_wrong, curve.false_negatives[i] = right - found_right;
    curve.precision[i] = share(found_right, found_right + found_wrong);
    curve.recall[i] = share(found_right, right);
  }
  return curve;
}

}  // namespace attune::track
