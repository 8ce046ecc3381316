// Metrics of an order: scores are sorted once, then judged under any row weights in one pass.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "attune/metrics/score.h"

namespace attune::metrics {

struct RankScores {
  double auroc = kUndefined;              // NaN unless both answers occur
  double average_precision = kUndefined;  // 0 without a positive (as scikit-learn); NaN without rows
};

class Ranking {
 public:
  // scores [n], positive [n] (0 or 1); item i belongs to unit i / items_per_unit, whose weight it takes. Equal scores
  // are ties: half a win each for AUROC, one step for average precision.
  Ranking(std::span<const float> scores, std::span<const uint8_t> positive, int items_per_unit = 1);

  // Every `stride`-th item from `first` on: one label of a row-major [rows, stride] table; unit = row.
  static Ranking of_column(std::span<const float> scores, std::span<const uint8_t> positive, int stride, int first);

  // AUROC = P(score of a positive > score of a negative) + half the ties.
  // AP = sum over distinct scores of (recall step) * precision there.
  RankScores evaluate(std::span<const uint32_t> weights) const;

 private:
  struct Item {
    uint32_t unit;
    bool positive;
    bool ends_tie;  // the next item has a lower score
  };
  Ranking() = default;
  void build(std::span<const float> scores, std::span<const uint8_t> positive, std::vector<uint32_t> order,
             int items_per_unit);
  std::vector<Item> items_;  // highest score first
};

}  // namespace attune::metrics
