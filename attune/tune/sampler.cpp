#include "attune/tune/sampler.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <set>

#include "attune/base/error.h"
#include "attune/tune/draws.h"
#include "attune/tune/parzen.h"

namespace attune::tune {
namespace {

// Streams are part of what a seed means: they never change.
constexpr uint64_t kRandomStream = 0x7475'6e65'0002, kStartupStream = 0x7475'6e65'0003, kTpeStream = 0x7475'6e65'0004;

bool has_value(const Trial& trial) {
  return trial.value && std::isfinite(*trial.value);
}

struct Tried {
  const Point* point;
  std::string text;                                   // canonical
  std::map<double, double, std::greater<>> values{};  // best one by fidelity, the highest fidelity first
};

// One entry a point, in an order that is the same for every order of the history.
std::vector<Tried> collect(std::span<const Trial> trials) {
  std::map<std::string, Tried> by_text;
  for (const Trial& trial : trials) {
    std::string text = canonical_text(trial.point);
    Tried& tried = by_text.try_emplace(text, Tried{&trial.point, text}).first->second;
    if (!has_value(trial)) continue;
    const auto [at, added] = tried.values.try_emplace(trial.fidelity, *trial.value);
    if (!added) at->second = std::max(at->second, *trial.value);
  }
  std::vector<Tried> all;
  for (auto& [text, tried] : by_text) all.push_back(std::move(tried));
  return all;
}

size_t count_good(size_t points) {
  return std::min<size_t>((points + 9) / 10, 25);
}

struct Split {
  std::vector<const Point*> good, bad;
};

// The fidelity that values are compared at.
double model_fidelity(const std::vector<const Tried*>& tried, int enough) {
  std::map<double, int, std::greater<>> counts;
  for (const Tried* one : tried)
    for (const auto& [fidelity, value] : one->values) ++counts[fidelity];
  double most_at = 1;
  int most = 0;
  for (const auto& [fidelity, count] : counts) {
    if (count >= enough) return fidelity;
    if (count > most) most = count, most_at = fidelity;
  }
  return most_at;
}

Split split(const std::vector<const Tried*>& tried, int enough) {
  const double fidelity = model_fidelity(tried, enough);
  std::map<double, std::vector<const Tried*>> left_behind;
  std::vector<const Tried*> ranked;
  Split split;
  for (const Tried* one : tried) {
    if (one->values.contains(fidelity)) {
      ranked.push_back(one);
    } else if (one->values.empty()) {
      split.bad.push_back(one->point);
    } else if (const double highest = one->values.begin()->first; highest < fidelity) {
      left_behind[highest].push_back(one);
    }
  }
  const auto by_value_at = [](double at) {
    return [at](const Tried* a, const Tried* b) { return a->values.at(at) > b->values.at(at); };
  };
  std::stable_sort(ranked.begin(), ranked.end(), by_value_at(fidelity));
  size_t compared = ranked.size() + split.bad.size();
  for (auto& [at, points] : left_behind) {
    std::stable_sort(points.begin(), points.end(), by_value_at(at));
    compared += points.size();
    for (size_t i = count_good(points.size()); i < points.size(); ++i) split.bad.push_back(points[i]->point);
  }
  const size_t good = std::min(count_good(compared), ranked.size());
  for (size_t i = 0; i < ranked.size(); ++i) (i < good ? split.good : split.bad).push_back(ranked[i]->point);
  return split;
}

class Proposal {
 public:
  Proposal(const Space& space, std::vector<Tried> tried, std::span<const Point> pending, const SamplerOptions& options)
      : space_(space), tried_(std::move(tried)), options_(options) {
    for (const Point& point : pending) pending_[canonical_text(point)] = &point;
  }

  bool seen(const Point& point) const {
    const std::string text = canonical_text(point);
    return pending_.contains(text) || tried(text);
  }

  Point point(uint64_t key) const {
    std::vector<double> units(space_.dimensions().size(), 0.5);
    for (size_t g = 0; g < space_.groups().size(); ++g) {
      const Group& group = space_.groups()[g];
      if (!space_.exists(group, space_.at(units))) continue;
      const std::vector<double> best = best_of_group(group, mix_key(key, g));
      for (size_t i = 0; i < best.size(); ++i) units[group.dimensions[i]] = best[i];
    }
    return space_.at(units);
  }

 private:
  // One that was promoted runs again, and stands where its shorter run put it.
  bool tried(const std::string& text) const {
    return std::any_of(tried_.begin(), tried_.end(), [&](const Tried& tried) { return tried.text == text; });
  }
  // Whether `point` has a value of every dimension of the group; one of another space may lack some.
  bool has(const Group& group, const Point& point) const {
    return space_.exists(group, point) && std::all_of(group.dimensions.begin(), group.dimensions.end(), [&](size_t d) {
             return point.values.contains(space_.dimensions()[d].name);
           });
  }

  std::vector<double> best_of_group(const Group& group, uint64_t key) const {
    std::vector<const Tried*> here;
    for (const Tried& tried : tried_)
      if (has(group, *tried.point)) here.push_back(&tried);
    Split parts = split(here, options_.startup);
    for (const auto& [text, point] : pending_)
      if (has(group, *point) && !tried(text)) parts.bad.push_back(point);
    const Parzen good(space_, group.dimensions, parts.good), bad(space_, group.dimensions, parts.bad);
    std::vector<double> best;
    double best_score = 0;
    for (int i = 0; i < options_.candidates; ++i) {
      std::vector<double> candidate = good.sample(mix_key(key, static_cast<uint64_t>(i)));
      const double score = good.log_density(candidate) - bad.log_density(candidate);
      if (best.empty() || score > best_score) best = std::move(candidate), best_score = score;
    }
    return best;
  }

  const Space& space_;
  std::vector<Tried> tried_;
  std::map<std::string, const Point*> pending_;
  const SamplerOptions& options_;
};

// In each dimension, the numbers of a block of `size` fall one into each of `size` equal parts.
Point startup_point(const Space& space, int64_t number, uint64_t seed, int size) {
  const auto block = static_cast<uint64_t>(number / size), place = static_cast<uint64_t>(number % size);
  std::vector<double> units;
  for (const Dimension& dimension : space.dimensions()) {
    const uint64_t key = mix_key(mix_key(mix_key(seed, kStartupStream), block), hash(dimension.name));
    std::vector<uint64_t> order(static_cast<size_t>(size));
    std::iota(order.begin(), order.end(), uint64_t{0});
    std::sort(order.begin(), order.end(), [&](uint64_t a, uint64_t b) { return mix_key(key, a) < mix_key(key, b); });
    const double within = uniform(mix_key(key, ~uint64_t{0}), place);
    units.push_back((static_cast<double>(order[place]) + within) / size);
  }
  return space.at(units);
}

}  // namespace

Point random_point(const Space& space, int64_t number, uint64_t seed) {
  return space.sample(mix_key(mix_key(seed, kRandomStream), static_cast<uint64_t>(number)));
}

Point propose(const Space& space, std::span<const Trial> finished, std::span<const Point> pending, int64_t number,
              const SamplerOptions& options) {
  ATTUNE_CHECK(options.startup >= 1 && options.candidates >= 1 && number >= 0, "start-up {}, {} candidates, number {}",
               options.startup, options.candidates, number);
  const Proposal proposal(space, collect(finished), pending, options);
  std::set<std::string> with_value;
  for (const Trial& trial : finished)
    if (has_value(trial)) with_value.insert(canonical_text(trial.point));
  const uint64_t key = mix_key(mix_key(options.seed, kTpeStream), static_cast<uint64_t>(number));
  const auto first = [&] {
    if (options.method == Method::random) return random_point(space, number, options.seed);
    if (with_value.size() < static_cast<size_t>(options.startup))
      return startup_point(space, number, options.seed, options.startup);
    return proposal.point(mix_key(key, 0));
  }();
  if (!proposal.seen(first)) return first;
  constexpr uint64_t kModelTries = 8, kTries = 200;
  const bool modelled = options.method == Method::tpe && with_value.size() >= static_cast<size_t>(options.startup);
  for (uint64_t i = 1; i < kTries; ++i) {
    Point next = modelled && i < kModelTries ? proposal.point(mix_key(key, i)) : space.sample(mix_key(key, i));
    if (!proposal.seen(next)) return next;
  }
  return first;
}

}  // namespace attune::tune
