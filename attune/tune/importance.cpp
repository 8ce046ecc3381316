#include "attune/tune/importance.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <tuple>

#include "attune/base/error.h"
#include "attune/tune/draws.h"
#include "attune/tune/forest.h"
#include "attune/tune/tree_parts.h"

namespace attune::tune {
namespace {

constexpr uint64_t kStream = 0x7475'6e65'0005;
constexpr int kDeals = 19;  // of values at random; more than all of them: 1 chance in 20
constexpr double kNormal = 1.96;

struct Forest {
  std::vector<Tree> trees;
  std::vector<std::vector<bool>> seen;  // by tree, then by row
};

std::vector<size_t> bootstrap(size_t rows, uint64_t key) {
  std::vector<size_t> which(rows);
  for (size_t i = 0; i < rows; ++i) which[i] = below(key, i, rows);
  return which;
}

// Each tree on a bootstrap of the rows.
Forest grow(const Space& space, const std::vector<Row>& rows, int trees, uint64_t key) {
  Forest forest;
  for (int t = 0; t < trees; ++t) {
    const uint64_t own = mix_key(key, static_cast<uint64_t>(t));
    const auto which = bootstrap(rows.size(), own);
    forest.trees.emplace_back(space, rows, which, own, TreeOptions{});
    std::vector<bool>& seen = forest.seen.emplace_back(rows.size());
    for (const size_t i : which) seen[i] = true;
  }
  return forest;
}

// Of predictions by the trees that did not see the row.
double r2_out_of_bag(const Space& space, const std::vector<Row>& rows, const Forest& forest) {
  double mean = 0, errors = 0, squares = 0;
  for (const Row& row : rows) mean += row.y / static_cast<double>(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    double sum = 0, count = 0;
    for (size_t t = 0; t < forest.trees.size(); ++t)
      if (!forest.seen[t][i]) sum += forest.trees[t].predict(space, rows[i]), ++count;
    if (count == 0) continue;
    errors += std::pow(rows[i].y - sum / count, 2), squares += std::pow(rows[i].y - mean, 2);
  }
  return squares > 0 ? 1 - errors / squares : 0;
}

// Whether the forest knows more than one of values dealt out at random would seem to.
bool beats_chance(const Space& space, std::vector<Row> rows, int trees, double r2, uint64_t key) {
  for (uint64_t deal = 0; deal < kDeals; ++deal) {
    const uint64_t own = mix_key(key, deal);
    for (size_t i = rows.size() - 1; i > 0; --i) std::swap(rows[i].y, rows[below(own, i, i + 1)].y);
    if (r2_out_of_bag(space, rows, grow(space, rows, trees, own)) >= r2) return false;
  }
  return true;
}

// The rows to look at, in an order that is the same for every order of the trials.
std::vector<Row> rows_of(const Space& space, std::span<const Trial> trials, Importance& told) {
  std::map<double, std::vector<const Trial*>, std::greater<>> by_fidelity;
  for (const Trial& trial : trials)
    if (trial.value && std::isfinite(*trial.value) && space.outside(trial.point).empty())
      by_fidelity[trial.fidelity].push_back(&trial);
  std::vector<std::pair<std::string, const Trial*>> chosen;
  for (const auto& [fidelity, some] : by_fidelity) {
    if (some.size() <= chosen.size()) continue;
    chosen.clear(), told.fidelity = fidelity;
    for (const Trial* trial : some) chosen.emplace_back(canonical_text(trial->point), trial);
  }
  std::sort(chosen.begin(), chosen.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first, *a.second->value) < std::tie(b.first, *b.second->value);
  });
  std::vector<Row> rows;
  for (const auto& [text, trial] : chosen) rows.push_back(row_of(space, trial->point, *trial->value));
  told.trials = static_cast<int>(rows.size());
  return rows;
}

// All trees over one group.
struct GroupParts {
  std::vector<TreeParts> forest;
  std::vector<std::vector<TreeParts>> bootstraps;
};

GroupParts parts_of(const Space& space, const Group& group, const Forest& forest,
                    const std::vector<Forest>& bootstraps) {
  GroupParts parts;
  for (const Tree& tree : forest.trees) parts.forest.emplace_back(space, group, tree);
  for (const Forest& other : bootstraps) {
    auto& own = parts.bootstraps.emplace_back();
    for (const Tree& tree : other.trees) own.emplace_back(space, group, tree);
  }
  return parts;
}

// A number that every tree says of its own, with its interval.
class Estimate {
 public:
  // `of`: nothing where a tree has nothing to say.
  template <class Of>
  Estimate(const GroupParts& parts, const Of& of) {
    const std::vector<double> values = said(parts.forest, of);
    if (values.empty()) return;
    std::vector<double> means;
    for (const auto& forest : parts.bootstraps)
      if (const auto own = said(forest, of); !own.empty()) means.push_back(mean_of(own));
    mean = mean_of(values);
    half = kNormal * std::sqrt(variance_of(values) / static_cast<double>(values.size()) + variance_of(means));
  }
  double mean = 0, half = 0;

 private:
  template <class Of>
  static std::vector<double> said(const std::vector<TreeParts>& trees, const Of& of) {
    std::vector<double> values;
    for (const TreeParts& tree : trees)
      if (const std::optional<double> value = of(tree)) values.push_back(*value);
    return values;
  }
  static double mean_of(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  }
  static double variance_of(const std::vector<double>& values) {
    if (values.size() < 2) return 0;
    const double middle = mean_of(values);
    double sum = 0;
    for (const double value : values) sum += (value - middle) * (value - middle);
    return sum / static_cast<double>(values.size() - 1);
  }
};

double prior_of(const Space& space, const std::optional<Parent>& parent) {
  if (!parent) return 1;
  const Dimension& above = space.dimensions()[parent->dimension];
  return prior_of(space, above.parent) / static_cast<double>(cells(above));
}

// Places along a dimension: all its values where they are few or have no order, else evenly spread ones.
std::vector<double> places(const Dimension& dimension, int most) {
  const size_t values = cells(dimension);
  const bool all = dimension.unordered() || (values > 0 && values <= static_cast<size_t>(most));
  const size_t count = all ? values : static_cast<size_t>(most);
  std::vector<double> units;
  if (all && !dimension.choice()) {
    const auto& range = std::get<Range>(dimension.domain);
    for (size_t i = 0; i < count; ++i) units.push_back(*unit_of(dimension, range.low + static_cast<double>(i)));
    return units;
  }
  for (size_t i = 0; i < count; ++i)
    units.push_back(all ? (static_cast<double>(i) + 0.5) / static_cast<double>(count)
                        : static_cast<double>(i) / static_cast<double>(count - 1));
  return units;
}

Share share(const Space& space, const Group& group, const GroupParts& trees, const std::vector<size_t>& over) {
  const Estimate estimate(trees, [&](const TreeParts& tree) -> std::optional<double> {
    if (!(tree.variance() > 0)) return std::nullopt;
    double own = tree.variance(over);
    if (over.size() == 2) own -= tree.variance({&over[0], 1}) + tree.variance({&over[1], 1});
    return std::max(own, 0.0) / tree.variance();
  });
  Share share{.dimensions = {},
              .share = estimate.mean,
              .low = std::clamp(estimate.mean - estimate.half, 0.0, 1.0),
              .high = std::clamp(estimate.mean + estimate.half, 0.0, 1.0),
              .exists = prior_of(space, group.parent)};
  for (const size_t d : over) share.dimensions.push_back(space.dimensions()[d].name);
  return share;
}

MarginalCurve curve(const Dimension& dimension, size_t d, const GroupParts& trees, int most) {
  MarginalCurve curve{.dimension = dimension.name, .points = {}};
  for (const double unit : places(dimension, most)) {
    const Estimate estimate(trees, [&](const TreeParts& tree) { return tree.marginal(d, unit); });
    curve.points.push_back({.at = value_at(dimension, unit),
                            .mean = estimate.mean,
                            .low = estimate.mean - estimate.half,
                            .high = estimate.mean + estimate.half});
  }
  return curve;
}

void tell_group(const Space& space, const Group& group, const GroupParts& trees, const ImportanceOptions& options,
                Importance& told) {
  for (const size_t d : group.dimensions) {
    if (space.dimensions()[d].fixed()) continue;
    told.shares.push_back(share(space, group, trees, {d}));
    told.curves.push_back(curve(space.dimensions()[d], d, trees, std::max(options.curve_points, 2)));
    if (!options.pairs) continue;
    for (const size_t e : group.dimensions)
      if (e > d && !space.dimensions()[e].fixed()) told.pairs.push_back(share(space, group, trees, {d, e}));
  }
}

}  // namespace

Importance importance(const Space& space, std::span<const Trial> trials, const ImportanceOptions& options) {
  ATTUNE_CHECK(options.trees >= 4 && options.bootstraps >= 2 && options.least_trials >= 2, "{} trees, {} bootstraps",
               options.trees, options.bootstraps);
  Importance told;
  const std::vector<Row> rows = rows_of(space, trials, told);
  if (told.trials < options.least_trials) {
    told.too_little =
        fmt::format("{} trials have a value at one length of training; {} are the least that say anything", told.trials,
                    options.least_trials);
    return told;
  }
  const uint64_t key = mix_key(options.seed, kStream);
  const Forest forest = grow(space, rows, options.trees, mix_key(key, 0));
  told.r2 = r2_out_of_bag(space, rows, forest);
  const int few = options.trees / 4;
  const double r2_of_few = r2_out_of_bag(space, rows, grow(space, rows, few, mix_key(key, 3)));
  if (told.r2 <= 0 || !beats_chance(space, rows, few, r2_of_few, mix_key(key, 1))) {
    told.too_little = fmt::format(
        "{} trials do not show what mattered: from the others a trial's value is not foretold "
        "better than chance would (R^2 {:.2f})",
        told.trials, told.r2);
    return told;
  }
  std::vector<Forest> bootstraps;
  for (uint64_t b = 0; b < static_cast<uint64_t>(options.bootstraps); ++b) {
    const uint64_t own = mix_key(mix_key(key, 2), b);
    const auto which = bootstrap(rows.size(), own);
    Forest& other = bootstraps.emplace_back();
    for (int t = 0; t < few; ++t)
      other.trees.emplace_back(space, rows, which, mix_key(own, static_cast<uint64_t>(t)), TreeOptions{});
  }
  for (const Group& group : space.groups())
    tell_group(space, group, parts_of(space, group, forest, bootstraps), options, told);
  const auto larger = [](const Share& a, const Share& b) { return a.share > b.share; };
  std::stable_sort(told.shares.begin(), told.shares.end(), larger);
  std::stable_sort(told.pairs.begin(), told.pairs.end(), larger);
  return told;
}

}  // namespace attune::tune
