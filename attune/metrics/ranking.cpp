#include "attune/metrics/ranking.h"

#include <algorithm>

#include "attune/base/error.h"

namespace attune::metrics {

Ranking::Ranking(std::span<const float> scores, std::span<const uint8_t> positive, int items_per_unit) {
  std::vector<uint32_t> order(scores.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<uint32_t>(i);
  build(scores, positive, std::move(order), items_per_unit);
}

Ranking Ranking::of_column(std::span<const float> scores, std::span<const uint8_t> positive, int stride, int first) {
  std::vector<uint32_t> order;
  order.reserve(scores.size() / static_cast<size_t>(stride));
  for (size_t i = static_cast<size_t>(first); i < scores.size(); i += static_cast<size_t>(stride)) {
    order.push_back(static_cast<uint32_t>(i));
  }
  Ranking ranking;
  ranking.build(scores, positive, std::move(order), stride);
  return ranking;
}

void Ranking::build(std::span<const float> scores, std::span<const uint8_t> positive, std::vector<uint32_t> order,
                    int items_per_unit) {
  ATTUNE_CHECK(scores.size() == positive.size(), "{} scores, {} answers", scores.size(), positive.size());
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return scores[a] > scores[b]; });
  items_.reserve(order.size());
  for (size_t at = 0; at < order.size(); ++at) {
    const uint32_t item = order[at];
    const bool ends_tie = at + 1 == order.size() || scores[order[at + 1]] < scores[item];
    items_.push_back({item / static_cast<uint32_t>(items_per_unit), positive[item] != 0, ends_tie});
  }
}

RankScores Ranking::evaluate(std::span<const uint32_t> weights) const {
  int64_t positives = 0, negatives = 0;  // so far, above the current tie
  int64_t tie_positives = 0, tie_negatives = 0;
  double wins = 0, precision_steps = 0;
  for (const Item& item : items_) {
    (item.positive ? tie_positives : tie_negatives) += weights[item.unit];
    if (!item.ends_tie) continue;
    wins += static_cast<double>(tie_negatives) *
            (static_cast<double>(positives) + 0.5 * static_cast<double>(tie_positives));
    positives += tie_positives;
    negatives += tie_negatives;
    if (tie_positives > 0) {
      precision_steps += static_cast<double>(tie_positives) * static_cast<double>(positives) /
                         static_cast<double>(positives + negatives);
    }
    tie_positives = tie_negatives = 0;
  }
  RankScores scores;
  const auto p = static_cast<double>(positives), n = static_cast<double>(negatives);
  if (positives > 0 && negatives > 0) scores.auroc = wins / (p * n);
  if (positives + negatives > 0) scores.average_precision = positives == 0 ? 0.0 : precision_steps / p;
  return scores;
}

}  // namespace attune::metrics
