#include "attune/train/epoch_order.h"

#include <numeric>
#include <utility>

#include "attune/base/rng.h"

namespace attune::train {

std::vector<int32_t> epoch_order(int64_t rows, uint64_t seed, int64_t epoch, bool shuffle) {
  std::vector<int32_t> order(static_cast<size_t>(rows));
  std::iota(order.begin(), order.end(), 0);
  if (!shuffle) return order;
  constexpr uint64_t kOrderStream = 0x6f72646572;  // "order"
  const uint64_t key = mix_key(mix_key(mix64(seed), kOrderStream), static_cast<uint64_t>(epoch));
  for (int64_t i = rows - 1; i > 0; --i) {
    const auto j = random_below(key, static_cast<uint32_t>(i), static_cast<uint32_t>(i + 1));
    std::swap(order[i], order[j]);
  }
  return order;
}

}  // namespace attune::train
