#include "attune/selection/measure/probe.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>

#include "attune/base/rng.h"

namespace attune::selection {
namespace {

constexpr uint64_t kFoldStream = 0x666f6c6473;  // "folds"
constexpr int kProbeIterations = 60;

void to_probabilities(std::span<float> z, bool exclusive) {
  if (!exclusive) {
    for (float& v : z) v = 1 / (1 + std::exp(-v));
    return;
  }
  const float top = *std::max_element(z.begin(), z.end());
  float sum = 0;
  for (float& v : z) sum += v = std::exp(v - top);
  for (float& v : z) v /= sum;
}

double bits_of(double probability) {
  return probability > 0 ? std::min(kMostBits, -std::log2(probability)) : kMostBits;
}

double bits_of_row(std::span<const int32_t> labels, std::span<const float> p, bool exclusive) {
  if (exclusive) return bits_of(static_cast<double>(p[static_cast<size_t>(labels[0])]));
  double bits = 0;
  for (size_t k = 0; k < p.size(); ++k) {
    const bool yes = std::find(labels.begin(), labels.end(), static_cast<int32_t>(k)) != labels.end();
    bits += bits_of(yes ? static_cast<double>(p[k]) : 1 - static_cast<double>(p[k]));
  }
  return bits;
}

// Fits that leave out a fold, one after another.
class FoldFits {
 public:
  FoldFits(const ProbeRows& rows, const FoldFeatures& features)
      : rows_(rows), features_(features), k_(static_cast<size_t>(rows.targets.classes)) {
    probabilities_.resize(rows.rows.size() * k_);
  }

  bool has_rows(int fold) const { return std::count(rows_.fold.begin(), rows_.fold.end(), fold) > 0; }

  // The penalty with which the rows left out cost least; leaves their probabilities under it.
  void choose(int fold, const std::function<bool()>& stop) {
    const auto features = features_(fold);
    double best = std::numeric_limits<double>::infinity();
    std::vector<float> kept;
    baselines::LogisticModel model;
    for (const double c : {1.0, 10.0, 100.0}) {
      if (stop && stop()) return;
      model = fit_without(fold, *features, c, std::move(model));
      answer(fold, *features, model);
      const double bits = bits_left_out(fold);
      if (bits < best) best = bits, c_ = c, kept = probabilities_;
    }
    probabilities_ = std::move(kept);
  }
  void run(int fold) {
    const auto features = features_(fold);
    answer(fold, *features, fit_without(fold, *features, c_, {}));
  }
  std::vector<float> take() { return std::move(probabilities_); }

 private:
  baselines::LogisticModel fit_without(int fold, const baselines::Features& features, double c,
                                       baselines::LogisticModel start) const {
    std::vector<uint8_t> use;
    for (const int f : rows_.fold) use.push_back(f != fold);
    return baselines::fit(features, rows_.targets, use, {.c = c, .max_iterations = kProbeIterations}, std::move(start));
  }
  void answer(int fold, const baselines::Features& features, const baselines::LogisticModel& model) {
    std::vector<float> logits = model.logits(features);
    for (size_t i = 0; i < rows_.fold.size(); ++i) {
      if (rows_.fold[i] != fold) continue;
      const auto z = std::span(logits).subspan(i * k_, k_);
      to_probabilities(z, rows_.targets.exclusive);
      std::copy(z.begin(), z.end(), probabilities_.begin() + static_cast<std::ptrdiff_t>(i * k_));
    }
  }
  double bits_left_out(int fold) const {
    double bits = 0;
    for (size_t i = 0; i < rows_.fold.size(); ++i)
      if (rows_.fold[i] == fold)
        bits += bits_of_row(rows_.targets.row(static_cast<int64_t>(i)), std::span(probabilities_).subspan(i * k_, k_),
                            rows_.targets.exclusive);
    return bits;
  }

  const ProbeRows& rows_;
  const FoldFeatures& features_;
  size_t k_;
  double c_ = 10;
  std::vector<float> probabilities_;
};

}  // namespace

std::vector<int> probe_folds(std::span<const int32_t> rows, const baselines::ClassTargets& targets,
                             const Clusters& clusters, uint64_t seed) {
  struct Group {
    int32_t label = -1;
    std::vector<size_t> members;
  };
  std::map<int32_t, Group> groups;  // by the cluster's smallest row
  for (size_t i = 0; i < rows.size(); ++i) {
    Group& group = groups[clusters.of_row[static_cast<size_t>(rows[i])]];
    const auto labels = targets.row(static_cast<int64_t>(i));
    if (group.members.empty() && !labels.empty()) group.label = labels[0];
    group.members.push_back(i);
  }
  std::vector<std::tuple<int32_t, uint64_t, const Group*>> order;
  for (const auto& [root, group] : groups)
    order.emplace_back(group.label, mix_key(mix_key(seed, kFoldStream), static_cast<uint64_t>(root)), &group);
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return std::tie(std::get<0>(a), std::get<1>(a)) < std::tie(std::get<0>(b), std::get<1>(b));
  });

  std::vector<int> fold(rows.size(), 0);
  std::array<size_t, kProbeFolds> in_all{}, of_label{};
  int32_t label = -1;
  for (const auto& [group_label, key, group] : order) {
    if (group_label != label) label = group_label, of_label = {};
    int least = 0;
    for (int f = 1; f < kProbeFolds; ++f) {
      const auto size = [&](int at) {
        const auto a = static_cast<size_t>(at);
        return std::pair(of_label[a], in_all[a]);
      };
      if (size(f) < size(least)) least = f;
    }
    for (const size_t member : group->members) fold[member] = least;
    of_label[static_cast<size_t>(least)] += group->members.size();
    in_all[static_cast<size_t>(least)] += group->members.size();
  }
  return fold;
}

std::optional<std::vector<float>> out_of_fold(const ProbeRows& rows, const FoldFeatures& features,
                                              const std::function<bool()>& stop) {
  FoldFits fits(rows, features);
  bool chosen = false;
  for (int fold = 0; fold < kProbeFolds; ++fold) {
    if (!fits.has_rows(fold)) continue;
    if (!chosen)
      fits.choose(fold, stop);
    else
      fits.run(fold);
    chosen = true;
    if (stop && stop()) return std::nullopt;
  }
  return fits.take();
}

std::vector<double> label_bits(const baselines::ClassTargets& targets, std::span<const float> probabilities) {
  const auto k = static_cast<size_t>(targets.classes);
  std::vector<double> bits;
  for (int64_t i = 0; i < targets.rows(); ++i)
    bits.push_back(
        bits_of_row(targets.row(i), probabilities.subspan(static_cast<size_t>(i) * k, k), targets.exclusive));
  return bits;
}

}  // namespace attune::selection
