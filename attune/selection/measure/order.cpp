#include "attune/selection/measure/order.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <vector>

#include "attune/base/rng.h"
#include "attune/metrics/score.h"

namespace attune::selection {
namespace {

constexpr int kDrawnOrders = 1000;
constexpr int32_t kMostCountedOut = 6;           // 6! = 720
constexpr uint64_t kOrderStream = 0x6f72646572;  // "order"

struct Confusion {
  size_t gold, answer;
  int64_t count;
};

int64_t total_distance(const std::vector<Confusion>& confusions, const std::vector<int32_t>& place) {
  int64_t sum = 0;
  for (const Confusion& c : confusions) sum += c.count * std::abs(place[c.gold] - place[c.answer]);
  return sum;
}

void shuffle(std::vector<int32_t>& place, uint64_t key) {
  for (auto i = static_cast<uint32_t>(place.size()); i > 1; --i)
    std::swap(place[i - 1], place[random_below(key, i, i)]);
}

}  // namespace

double order_p_value(std::span<const std::pair<int32_t, int32_t>> confusions, int32_t classes) {
  std::map<std::pair<int32_t, int32_t>, int64_t> counts;
  for (const auto& [gold, answer] : confusions)
    if (gold != answer) ++counts[{gold, answer}];
  if (counts.empty() || classes < 2) return metrics::kUndefined;
  std::vector<Confusion> cells;
  for (const auto& [pair, count] : counts)
    cells.push_back({static_cast<size_t>(pair.first), static_cast<size_t>(pair.second), count});

  std::vector<int32_t> place(static_cast<size_t>(classes));
  std::iota(place.begin(), place.end(), 0);
  const int64_t as_it_is = total_distance(cells, place);
  int64_t orders = 0, as_near = 0;
  const auto count = [&] { ++orders, as_near += total_distance(cells, place) <= as_it_is; };
  if (classes <= kMostCountedOut) {
    do count();
    while (std::next_permutation(place.begin(), place.end()));
  } else {
    count();
    for (uint64_t draw = 0; draw < kDrawnOrders; ++draw) {
      shuffle(place, mix_key(kOrderStream, draw));
      count();
    }
  }
  return static_cast<double>(as_near) / static_cast<double>(orders);
}

}  // namespace attune::selection
