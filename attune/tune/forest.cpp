#include "attune/tune/forest.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "attune/base/error.h"
#include "attune/tune/draws.h"

namespace attune::tune {
namespace {

uint64_t bit_of(const Dimension& dimension, double unit) {
  const size_t count = cells(dimension);
  return uint64_t{1} << std::min(count - 1, static_cast<size_t>(unit * static_cast<double>(count)));
}

uint64_t all_bits(const Dimension& dimension) {
  const size_t count = cells(dimension);
  return count == 64 ? ~uint64_t{0} : (uint64_t{1} << count) - 1;
}

struct Cut {
  double gain = 0;  // of the sum of squares
  size_t dimension = 0;
  double unit = 0;            // numbers: below it goes left
  uint64_t alternatives = 0;  // those that go left
};

class Grower {
 public:
  Grower(const Space& space, const std::vector<Row>& rows, uint64_t key, const TreeOptions& options,
         std::vector<Leaf>& leaves)
      : space_(space), rows_(rows), key_(key), options_(options), leaves_(leaves) {}

  void grow(std::vector<size_t> which, std::vector<Side> sides) {
    const Cut cut = best_cut(which, sides);
    if (cut.gain <= 0) {
      leaves_.push_back({.sides = std::move(sides), .value = mean(which)});
      return;
    }
    const Dimension& dimension = space_.dimensions()[cut.dimension];
    std::vector<Side> right_sides = sides;
    Side &left = sides[cut.dimension], &right = right_sides[cut.dimension];
    if (dimension.unordered()) {
      left.alternatives &= cut.alternatives, right.alternatives &= ~cut.alternatives;
    } else {
      left.high = right.low = cut.unit;
    }
    const auto goes_left = [&](size_t i) { return holds(dimension, left, rows_[i].units[cut.dimension]); };
    const auto middle = std::stable_partition(which.begin(), which.end(), goes_left);
    grow({which.begin(), middle}, std::move(sides));
    grow({middle, which.end()}, std::move(right_sides));
  }

 private:
  double mean(const std::vector<size_t>& which) const {
    double sum = 0;
    for (const size_t i : which) sum += rows_[i].y;
    return sum / static_cast<double>(which.size());
  }

  // Whether all that stands in the box has dimension `d`.
  bool exists(size_t d, const std::vector<Side>& sides) const {
    const auto& parent = space_.dimensions()[d].parent;
    return !parent || (sides[parent->dimension].alternatives == uint64_t{1} << parent->alternative &&
                       exists(parent->dimension, sides));
  }

  Cut best_cut(const std::vector<size_t>& which, const std::vector<Side>& sides) {
    Cut best;
    if (which.size() < 2 * static_cast<size_t>(options_.least_rows)) return best;
    const uint64_t node = mix_key(key_, nodes_++);
    std::vector<size_t> open;
    for (size_t d = 0; d < sides.size(); ++d)
      if (!space_.dimensions()[d].fixed() && exists(d, sides)) open.push_back(d);
    std::sort(open.begin(), open.end(), [&](size_t a, size_t b) { return mix_key(node, a) < mix_key(node, b); });
    const auto looked_at = std::ceil(static_cast<double>(open.size()) * options_.dimensions_share);
    open.resize(std::min(open.size(), std::max<size_t>(1, static_cast<size_t>(looked_at))));
    for (const size_t d : open) {
      if (space_.dimensions()[d].unordered()) {
        cut_alternatives(d, which, sides[d].alternatives, node, best);
      } else {
        cut_numbers(d, which, sides[d], best);
      }
    }
    return best;
  }

  // Calls `at(k, gain)` for each k = rows on the left that leaves both sides enough of them.
  template <class At>
  void cuts_of(const std::vector<size_t>& order, const At& at) const {
    double all = 0, left = 0;
    for (const size_t i : order) all += rows_[i].y;
    const auto n = static_cast<double>(order.size());
    const auto least = static_cast<size_t>(options_.least_rows);
    for (size_t k = 1; k < order.size(); ++k) {
      left += rows_[order[k - 1]].y;
      if (k < least || order.size() - k < least) continue;
      const double nl = static_cast<double>(k), nr = n - nl, right = all - left;
      at(k, left * left / nl + right * right / nr - all * all / n);
    }
  }

  void cut_numbers(size_t d, const std::vector<size_t>& which, const Side& side, Cut& best) const {
    const auto unit = [&](size_t i) { return rows_[i].units[d]; };
    std::vector<size_t> order = which;
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return unit(a) < unit(b); });
    cuts_of(order, [&](size_t k, double gain) {
      const double low = unit(order[k - 1]), high = unit(order[k]);
      if (!(low < high) || gain <= best.gain * (1 + 1e-12) + 1e-300) return;
      double place = (low + high) / 2;
      if (const auto cell = cell_at(space_.dimensions()[d], place)) place = cell->low > low ? cell->low : cell->high;
      if (place > side.low && place < side.high && place > low && place <= high)
        best = {.gain = gain, .dimension = d, .unit = place};
    });
  }

  // Alternatives of `open` that no row has go to a random side.
  void cut_alternatives(size_t d, const std::vector<size_t>& which, uint64_t open, uint64_t node, Cut& best) const {
    const Dimension& dimension = space_.dimensions()[d];
    std::map<uint64_t, std::pair<double, double>> sums;  // sum and count
    for (const size_t i : which) {
      auto& [sum, count] = sums[bit_of(dimension, rows_[i].units[d])];
      sum += rows_[i].y, ++count;
    }
    uint64_t unseen = open;
    for (const auto& [bit, sum] : sums) unseen &= ~bit;
    const auto mean_of = [&](size_t i) {
      const uint64_t bit = bit_of(dimension, rows_[i].units[d]);
      const auto& [sum, count] = sums.at(bit);
      return std::pair(sum / count, bit);
    };
    std::vector<size_t> order = which;
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return mean_of(a) < mean_of(b); });
    cuts_of(order, [&](size_t k, double gain) {
      if (mean_of(order[k - 1]) == mean_of(order[k]) || gain <= best.gain * (1 + 1e-12) + 1e-300) return;
      uint64_t left = unseen & mix_key(node, d + order.size());
      for (size_t i = 0; i < k; ++i) left |= mean_of(order[i]).second;
      best = {.gain = gain, .dimension = d, .alternatives = left};
    });
  }

  const Space& space_;
  const std::vector<Row>& rows_;
  uint64_t key_;
  const TreeOptions& options_;
  std::vector<Leaf>& leaves_;
  uint64_t nodes_ = 0;
};

}  // namespace

Row row_of(const Space& space, const Point& point, double value) {
  Row row{.units = {}, .y = value};
  for (size_t d = 0; d < space.dimensions().size(); ++d) {
    const Dimension& dimension = space.dimensions()[d];
    const auto unit = space.exists(d, point) ? unit_of(dimension, point.values.at(dimension.name)) : std::nullopt;
    row.units.push_back(unit.value_or(std::numeric_limits<double>::quiet_NaN()));
  }
  return row;
}

Tree::Tree(const Space& space, const std::vector<Row>& rows, const std::vector<size_t>& which, uint64_t key,
           const TreeOptions& options) {
  ATTUNE_CHECK(!which.empty() && options.least_rows >= 1, "{} rows", which.size());
  std::vector<Side> sides(space.dimensions().size());
  for (size_t d = 0; d < sides.size(); ++d)
    if (space.dimensions()[d].unordered()) sides[d].alternatives = all_bits(space.dimensions()[d]);
  Grower(space, rows, key, options, leaves_).grow(which, std::move(sides));
}

double Tree::predict(const Space& space, const Row& row) const {
  for (const Leaf& leaf : leaves_) {
    bool inside = true;
    for (size_t d = 0; inside && d < leaf.sides.size(); ++d)
      inside = std::isnan(row.units[d]) || holds(space.dimensions()[d], leaf.sides[d], row.units[d]);
    if (inside) return leaf.value;
  }
  fail(ErrorKind::internal, "no leaf holds the row");
}

double share_of(const Dimension& dimension, const Side& side) {
  return common_share(dimension, side, side);
}

bool holds(const Dimension& dimension, const Side& side, double unit) {
  if (dimension.unordered()) return (side.alternatives & bit_of(dimension, unit)) != 0;
  return unit >= side.low && (unit < side.high || side.high >= 1);
}

double common_share(const Dimension& dimension, const Side& a, const Side& b) {
  if (dimension.unordered())
    return std::popcount(a.alternatives & b.alternatives) / static_cast<double>(cells(dimension));
  return std::max(0.0, std::min(a.high, b.high) - std::max(a.low, b.low));
}

}  // namespace attune::tune
