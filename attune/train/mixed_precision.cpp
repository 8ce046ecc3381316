#include "attune/train/mixed_precision.h"

#include <algorithm>

namespace attune::train {
namespace {

std::vector<int> all_but(int depth, int64_t layers) {
  std::vector<int> wide;
  for (int d = 0; d <= layers; ++d)
    if (d != depth) wide.push_back(d);
  return wide;
}

bool looks_harmless(const HarmFound& found) {
  // Without labels: the share of changed answers bounds the fall.
  const double fall = found.seen ? -found.difference.difference
                                 : static_cast<double>(found.changed.changed) / static_cast<double>(found.changed.rows);
  return fall <= found.margin / 2;
}

}  // namespace

MixedSearch search_mixture(int64_t layers, const PrecisionAnswers& reference, const AnswersWith& answers_with,
                           const HarmQuestion& question) {
  MixedSearch search;
  for (int depth = 0; depth <= layers; ++depth)
    search.parts.push_back({depth, answers_with(all_but(depth, layers)).distance_from(reference)});
  std::stable_sort(search.parts.begin(), search.parts.end(),
                   [](const PartTurned& a, const PartTurned& b) { return a.distance > b.distance; });
  std::vector<int> wide;
  const auto harm_of_wide = [&] {
    search.tried.push_back({wide, find_harm(answers_with(wide), reference, question)});
    return search.tried.back().found.verdict.harm;
  };
  harm_of_wide();
  for (int64_t kept = 0; kept < layers; ++kept) {
    wide.push_back(search.parts[static_cast<size_t>(kept)].depth);
    if (harm_of_wide() != compare::Harm::safe) continue;
    search.chosen = search.tried.size() - 1;
    return search;
  }
  for (size_t i = 1; i < search.tried.size() && !search.chosen; ++i)
    if (looks_harmless(search.tried[i].found)) search.chosen = i;
  return search;
}

}  // namespace attune::train
