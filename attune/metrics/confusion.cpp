#include "attune/metrics/confusion.h"

#include <algorithm>
#include <tuple>

namespace attune::metrics {

void Confusion::add(int32_t gold, int32_t predicted, int64_t count) {
  counts_[static_cast<uint64_t>(static_cast<uint32_t>(gold)) << 32 | static_cast<uint32_t>(predicted)] += count;
}

std::vector<ConfusionCell> Confusion::cells() const {
  std::vector<ConfusionCell> cells;
  cells.reserve(counts_.size());
  for (const auto& [key, count] : counts_) {
    cells.push_back({static_cast<int32_t>(key >> 32), static_cast<int32_t>(key & 0xffffffffU), count});
  }
  std::sort(cells.begin(), cells.end(), [](const ConfusionCell& a, const ConfusionCell& b) {
    return std::tie(a.gold, a.predicted) < std::tie(b.gold, b.predicted);
  });
  return cells;
}

std::vector<ConfusionCell> most_confused(std::vector<ConfusionCell> cells, size_t most) {
  std::erase_if(cells, [](const ConfusionCell& cell) { return cell.gold == cell.predicted; });
  std::stable_sort(cells.begin(), cells.end(),
                   [](const ConfusionCell& a, const ConfusionCell& b) { return a.count > b.count; });
  if (cells.size() > most) cells.resize(most);
  return cells;
}

}  // namespace attune::metrics
