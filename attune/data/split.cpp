#include "attune/data/split.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "attune/base/error.h"
#include "attune/base/rng.h"
#include "attune/data/dataset.h"

namespace attune::data {
namespace {

constexpr uint64_t kSplitStream = 0x73706c6974;  // "split"

// How many rows each stratum gives: its share rounded down, the rest by largest remainder; never all of a stratum.
std::vector<int64_t> quotas(const std::vector<std::vector<int32_t>>& strata, double share) {
  std::vector<int64_t> quota(strata.size());
  std::vector<double> remainder(strata.size());
  double wanted = 0;
  int64_t given = 0;
  for (size_t s = 0; s < strata.size(); ++s) {
    const double part = static_cast<double>(strata[s].size()) * share;
    wanted += part;
    quota[s] = static_cast<int64_t>(part);
    remainder[s] = part - static_cast<double>(quota[s]);
    given += quota[s];
  }
  std::vector<size_t> order(strata.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return remainder[a] > remainder[b]; });
  const auto total = std::max<int64_t>(1, std::llround(wanted));
  for (size_t i = 0; i < order.size() && given < total; ++i) {
    const size_t s = order[i];
    if (quota[s] + 1 >= static_cast<int64_t>(strata[s].size())) continue;
    ++quota[s], ++given;
  }
  return quota;
}

// The rows of each label, in the labels' order; of other targets all rows together.
std::vector<std::vector<int32_t>> strata_of(const Examples& examples, TargetKind target) {
  const size_t labels = examples.label_names().size();
  const auto stratum = [&](size_t row) {
    const ExampleView example = examples.view(row);
    return target == TargetKind::label && example.label_count > 0 ? static_cast<size_t>(example.label(0)) : labels;
  };
  std::vector<size_t> sizes(labels + 1, 0);
  for (size_t row = 0; row < examples.size(); ++row) ++sizes[stratum(row)];
  std::vector<std::vector<int32_t>> members(labels + 1);
  for (size_t s = 0; s <= labels; ++s) members[s].reserve(sizes[s]);
  for (size_t row = 0; row < examples.size(); ++row) members[stratum(row)].push_back(static_cast<int32_t>(row));
  std::map<std::string_view, size_t> order{{"", labels}};
  for (size_t s = 0; s < labels; ++s) order[examples.label_names()[s]] = s;
  std::vector<std::vector<int32_t>> strata;
  for (const auto& [label, s] : order)
    if (!members[s].empty()) strata.push_back(std::move(members[s]));
  return strata;
}

}  // namespace

HeldOut hold_out(const Dataset& dataset, TargetKind target, double share, uint64_t seed) {
  if (!(share >= 0 && share < 1))
    fail(ErrorKind::usage, "the share held out is {}; expected 0 or more, below 1", share);
  const auto rows = static_cast<int32_t>(dataset.examples.size());
  if (rows < 2) fail(ErrorKind::input, "{} rows are too few to hold some out; give a --dev file or --dev none", rows);
  const uint64_t stream = mix_key(seed, kSplitStream);
  // Pairs of an embedding task: what belongs to the same text stays together, so that dev asks for texts that training
  // has not seen.
  const bool by_second = dataset.shape == TextShape::pairs;
  const auto key = [&](int32_t row) {
    const ExampleView view = dataset.examples.view(static_cast<size_t>(row));
    return mix_key(stream, by_second ? text_hash(view.text_pair) : view.input_hash);
  };
  auto strata = strata_of(dataset.examples, target);
  std::vector<std::pair<uint64_t, int32_t>> keyed;
  std::vector<uint64_t> candidate_keys;
  const auto quota = share > 0 ? quotas(strata, share) : std::vector<int64_t>(strata.size(), 0);
  for (size_t s = 0; s < strata.size(); ++s) {
    keyed.clear(), keyed.reserve(strata[s].size());
    for (const int32_t row : strata[s]) keyed.emplace_back(key(row), row);
    std::sort(keyed.begin(), keyed.end());
    for (size_t i = 0; i < keyed.size(); ++i) strata[s][i] = keyed[i].second;
    for (int64_t i = 0; i < quota[s]; ++i) candidate_keys.push_back(keyed[static_cast<size_t>(i)].first);
  }
  // A text that is kept anywhere is kept everywhere.
  std::sort(candidate_keys.begin(), candidate_keys.end());
  candidate_keys.erase(std::unique(candidate_keys.begin(), candidate_keys.end()), candidate_keys.end());
  std::vector<bool> kept_too(candidate_keys.size(), false);
  const auto place = [&](int32_t row) {
    const auto found = std::lower_bound(candidate_keys.begin(), candidate_keys.end(), key(row));
    return found != candidate_keys.end() && *found == key(row) ? found - candidate_keys.begin() : -1;
  };
  for (size_t s = 0; s < strata.size(); ++s)
    for (size_t i = static_cast<size_t>(quota[s]); i < strata[s].size(); ++i)
      if (const auto at = place(strata[s][i]); at >= 0) kept_too[static_cast<size_t>(at)] = true;

  HeldOut split;
  split.kept.reserve(static_cast<size_t>(rows));
  for (size_t s = 0; s < strata.size(); ++s)
    for (size_t i = 0; i < strata[s].size(); ++i) {
      const int32_t row = strata[s][i];
      const bool held = static_cast<int64_t>(i) < quota[s] && !kept_too[static_cast<size_t>(place(row))];
      (held ? split.held : split.kept).push_back(row);
    }
  if (share > 0 && split.held.empty())
    fail(ErrorKind::input,
         "none of the {} rows can be held out: each is the only one of its label, or its text stands in others too; "
         "give a --dev file or --dev none",
         rows);
  std::sort(split.kept.begin(), split.kept.end());
  std::sort(split.held.begin(), split.held.end());
  return split;
}

Dataset take_rows(const Dataset& dataset, std::vector<int32_t> rows) {
  Dataset part;
  part.files = dataset.files;
  part.notes = dataset.notes;
  part.tags = dataset.tags;
  part.shape = dataset.shape;
  part.corpus = dataset.corpus;
  part.examples = dataset.examples.part(std::move(rows));
  return part;
}

}  // namespace attune::data
