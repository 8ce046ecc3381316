#include "attune/metrics/ranks.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "attune/base/error.h"

namespace attune::metrics {
namespace {

void check_indices(std::span<const int64_t> relevant, std::span<const int64_t> left_out, size_t documents) {
  std::vector<int64_t> all(relevant.begin(), relevant.end());
  all.insert(all.end(), left_out.begin(), left_out.end());
  std::sort(all.begin(), all.end());
  if (all.empty()) return;
  ATTUNE_CHECK(all.front() >= 0 && all.back() < static_cast<int64_t>(documents), "documents {} to {} of {}",
               all.front(), all.back(), documents);
  const auto twice = std::adjacent_find(all.begin(), all.end());
  ATTUNE_CHECK(twice == all.end(), "document {} is given twice as relevant or left out", *twice);
}

// Places in `relevant`, highest score first; equal ones stay in their order.
std::vector<size_t> descending(std::span<const float> scores, std::span<const int64_t> relevant) {
  std::vector<size_t> order(relevant.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto score = [&](size_t place) { return scores[static_cast<size_t>(relevant[place])]; };
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return score(a) > score(b); });
  return order;
}

}  // namespace

std::vector<int64_t> ranks_of_relevant(std::span<const float> scores, std::span<const int64_t> relevant,
                                       std::span<const int64_t> left_out) {
  check_indices(relevant, left_out, scores.size());
  for (size_t i = 0; i < scores.size(); ++i) {
    if (std::isnan(scores[i])) fail(ErrorKind::numeric, "the score of document {} of the corpus is NaN", i);
  }
  if (relevant.empty()) return {};
  const std::vector<size_t> order = descending(scores, relevant);
  std::vector<float> levels(order.size());
  for (size_t at = 0; at < order.size(); ++at) levels[at] = scores[static_cast<size_t>(relevant[order[at]])];

  // ahead[at]: irrelevant documents that stand before level `at`, but not before the level above.
  std::vector<int64_t> ahead(levels.size(), 0);
  const float lowest = levels.back();
  const auto count = [&](float score, int64_t times) {
    if (score < lowest) return;  // most of a corpus
    // The first level that the score reaches.
    const auto level = std::lower_bound(levels.begin(), levels.end(), score, std::greater<>());
    ahead[static_cast<size_t>(level - levels.begin())] += times;
  };
  // All are counted, and then those that do not count taken back: the loop over the corpus need not know them.
  for (const float score : scores) count(score, 1);
  for (const auto documents : {relevant, left_out}) {
    for (const int64_t document : documents) count(scores[static_cast<size_t>(document)], -1);
  }

  std::vector<int64_t> ranks(relevant.size());
  int64_t before = 0;
  for (size_t at = 0; at < order.size(); ++at) {
    before += ahead[at];
    ranks[order[at]] = 1 + before + static_cast<int64_t>(at);
  }
  return ranks;
}

}  // namespace attune::metrics
