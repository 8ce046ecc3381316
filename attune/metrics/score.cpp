#include "attune/metrics/score.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "attune/base/error.h"
#include "attune/base/suggest.h"

namespace attune::metrics {

Score& Scores::set(Score score) {
  for (Score& known : scores_) {
    if (known.name == score.name) return known = std::move(score);
  }
  return scores_.emplace_back(std::move(score));
}

const Score* Scores::find(std::string_view name) const {
  const auto found = std::find_if(scores_.begin(), scores_.end(), [&](const Score& s) { return s.name == name; });
  return found == scores_.end() ? nullptr : &*found;
}

const Score& Scores::at(std::string_view name) const {
  if (const Score* score = find(name)) return *score;
  std::vector<std::string> names;
  for (const Score& score : scores_) names.push_back(score.name);
  fail(ErrorKind::usage, "this evaluation has no metric '{}'{}; it has: {}", name, did_you_mean(name, names),
       fmt::join(names, ", "));
}

double Scores::value(std::string_view name) const {
  const Score* score = find(name);
  return score ? score->value : kUndefined;
}

nlohmann::json to_json(const Scores& scores) {
  nlohmann::json object = nlohmann::json::object();
  for (const Score& score : scores) {
    object[score.name] = json_number<nlohmann::json>(score.value);
  }
  return object;
}

Interval wilson(double successes, double trials, double z) {
  if (!(trials > 0)) return {};
  const double share = successes / trials, z2 = z * z;
  const double centre = share + z2 / (2 * trials);
  const double half = z * std::sqrt(share * (1 - share) / trials + z2 / (4 * trials * trials));
  const double scale = 1 + z2 / trials;
  // At the ends the bounds are exactly 0 and 1; the formula may round past them.
  return {successes > 0 ? (centre - half) / scale : 0.0, successes < trials ? (centre + half) / scale : 1.0};
}

}  // namespace attune::metrics
