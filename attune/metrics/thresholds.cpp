#include "attune/metrics/thresholds.h"

#include <algorithm>
#include <cmath>

namespace attune::metrics {
namespace {

struct Item {
  float logit;
  uint8_t gold;
};

double best_threshold(std::vector<Item>& items) {
  std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.logit > b.logit; });
  int64_t gold = 0;
  for (const Item& item : items) gold += item.gold;
  if (gold == 0) return 0.5;

  int64_t correct = 0;
  double best_f1 = -1, best_logit = 0;
  for (size_t at = 0; at < items.size(); ++at) {
    correct += items[at].gold;
    const bool last = at + 1 == items.size();
    if (!last && items[at + 1].logit == items[at].logit) continue;
    const double f1 = 2.0 * static_cast<double>(correct) / static_cast<double>(gold + static_cast<int64_t>(at) + 1);
    if (f1 <= best_f1) continue;
    best_f1 = f1;
    const auto here = static_cast<double>(items[at].logit);
    best_logit = last ? here - 1e-3 : (here + static_cast<double>(items[at + 1].logit)) / 2;
  }
  return std::clamp(1 / (1 + std::exp(-best_logit)), 0.01, 0.99);
}

}  // namespace

std::vector<double> best_f1_thresholds(const MultiLabelMeter& dev) {
  const auto labels = static_cast<size_t>(dev.labels());
  const std::span<const float> logits = dev.logits();
  const std::span<const uint8_t> gold = dev.gold();
  std::vector<double> thresholds;
  std::vector<Item> items(static_cast<size_t>(dev.rows()));
  for (size_t label = 0; label < labels; ++label) {
    for (size_t row = 0; row < items.size(); ++row) {
      items[row] = {logits[row * labels + label], gold[row * labels + label]};
    }
    thresholds.push_back(best_threshold(items));
  }
  return thresholds;
}

}  // namespace attune::metrics
