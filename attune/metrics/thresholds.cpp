#include "attune/metrics/thresholds.h"

#include <algorithm>
#include <cmath>

namespace attune::metrics {
double best_f1_cut(std::vector<LabelledLogit>& items) {
  std::sort(items.begin(), items.end(), [](const auto& a, const auto& b) { return a.logit > b.logit; });
  int64_t gold = 0, correct = 0;
  for (const LabelledLogit& item : items) gold += item.gold;
  double best_f1 = -1, cut = 0;
  for (size_t at = 0; at < items.size(); ++at) {
    correct += items[at].gold;
    const bool last = at + 1 == items.size();
    if (!last && items[at + 1].logit == items[at].logit) continue;
    const double f1 = 2.0 * static_cast<double>(correct) / static_cast<double>(gold + static_cast<int64_t>(at) + 1);
    if (f1 <= best_f1) continue;
    best_f1 = f1;
    cut = last ? items[at].logit - 1e-3 : (items[at].logit + items[at + 1].logit) / 2;
  }
  return cut;
}

std::vector<double> best_f1_thresholds(const MultiLabelMeter& dev) {
  const auto labels = static_cast<size_t>(dev.labels());
  const std::span<const float> logits = dev.logits();
  const std::span<const uint8_t> gold = dev.gold();
  std::vector<double> thresholds;
  std::vector<LabelledLogit> items(static_cast<size_t>(dev.rows()));
  for (size_t label = 0; label < labels; ++label) {
    bool any = false;
    for (size_t row = 0; row < items.size(); ++row) {
      items[row] = {static_cast<double>(logits[row * labels + label]), gold[row * labels + label]};
      any |= items[row].gold != 0;
    }
    thresholds.push_back(any ? std::clamp(1 / (1 + std::exp(-best_f1_cut(items))), 0.01, 0.99) : 0.5);
  }
  return thresholds;
}

}  // namespace attune::metrics
