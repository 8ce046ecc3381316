#include "attune/data/split.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <unordered_map>
#include <unordered_set>

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

}  // namespace

HeldOut hold_out(const Dataset& dataset, TargetKind target, double share, uint64_t seed) {
  if (!(share >= 0 && share < 1))
    fail(ErrorKind::usage, "the share held out is {}; expected 0 or more, below 1", share);
  const auto rows = static_cast<int32_t>(dataset.examples.size());
  if (rows < 2) fail(ErrorKind::input, "{} rows are too few to hold some out; give a --dev file or --dev none", rows);
  std::vector<uint64_t> key(dataset.examples.size());
  std::map<std::string, std::vector<int32_t>> by_label;
  for (int32_t i = 0; i < rows; ++i) {
    const Example& example = dataset.examples[static_cast<size_t>(i)];
    key[static_cast<size_t>(i)] = mix_key(mix_key(seed, kSplitStream), input_hash(example));
    const bool stratify = target == TargetKind::label && !example.labels.empty();
    by_label[stratify ? example.labels[0] : ""].push_back(i);
  }
  std::vector<std::vector<int32_t>> strata;
  for (auto& [label, members] : by_label) strata.push_back(std::move(members));
  const auto before = [&](int32_t a, int32_t b) { return key[static_cast<size_t>(a)] < key[static_cast<size_t>(b)]; };
  for (auto& members : strata) std::stable_sort(members.begin(), members.end(), before);

  HeldOut split;
  std::unordered_set<uint64_t> kept_keys;
  std::vector<int32_t> candidates;
  const auto quota = share > 0 ? quotas(strata, share) : std::vector<int64_t>(strata.size(), 0);
  for (size_t s = 0; s < strata.size(); ++s)
    for (size_t i = 0; i < strata[s].size(); ++i) {
      const int32_t row = strata[s][i];
      if (static_cast<int64_t>(i) < quota[s]) {
        candidates.push_back(row);
      } else {
        split.kept.push_back(row);
        kept_keys.insert(key[static_cast<size_t>(row)]);
      }
    }
  for (int32_t row : candidates)
    (kept_keys.contains(key[static_cast<size_t>(row)]) ? split.kept : split.held).push_back(row);
  if (share > 0 && split.held.empty())
    fail(ErrorKind::input,
         "none of the {} rows can be held out: each is the only one of its label, or its text stands in others too; "
         "give a --dev file or --dev none",
         rows);
  std::sort(split.kept.begin(), split.kept.end());
  std::sort(split.held.begin(), split.held.end());
  return split;
}

Dataset take_rows(const Dataset& dataset, const std::vector<int32_t>& rows) {
  Dataset part;
  part.files = dataset.files;
  part.notes = dataset.notes;
  part.tags = dataset.tags;
  part.examples.reserve(rows.size());
  for (int32_t row : rows) part.examples.push_back(dataset.examples[static_cast<size_t>(row)]);
  return part;
}

}  // namespace attune::data
