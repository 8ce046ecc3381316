// Which class was taken for which: counts of (gold, predicted), kept sparsely, so that many classes cost nothing.
#pragma once
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace attune::metrics {

struct ConfusionCell {
  int32_t gold, predicted;  // predicted -1: no prediction (a word cut off where no label O exists)
  int64_t count;
};

class Confusion {
 public:
  void add(int32_t gold, int32_t predicted, int64_t count = 1);
  // Cells with a count, by gold, then predicted.
  std::vector<ConfusionCell> cells() const;

 private:
  std::unordered_map<uint64_t, int64_t> counts_;
};

// The `most` off-diagonal cells with the largest counts (ties: by gold, then predicted).
std::vector<ConfusionCell> most_confused(std::vector<ConfusionCell> cells, size_t most);

}  // namespace attune::metrics
