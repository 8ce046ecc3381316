#include "attune/tune/pareto.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <tuple>

#include "attune/base/error.h"
#include "attune/base/suggest.h"
#include "attune/tune/text.h"

namespace attune::tune {
namespace {

double broken_by(std::span<const Limit> limits, const std::vector<double>& values) {
  double sum = 0;
  for (const Limit& limit : limits) {
    const double value = values[limit.objective];
    if (!limit.keeps(value)) sum += std::abs(value - limit.bound) / (limit.bound == 0 ? 1 : std::abs(limit.bound));
  }
  return sum;
}

bool dominates(const std::vector<Objective>& objectives, const std::vector<double>& a, const std::vector<double>& b) {
  bool better = false;
  for (size_t i = 0; i < objectives.size(); ++i) {
    const double gain = objectives[i].better == Better::more ? a[i] - b[i] : b[i] - a[i];
    if (gain < 0) return false;
    better = better || gain > 0;
  }
  return better;
}

}  // namespace

Limit parse_limit(const std::string& text, const std::vector<Objective>& objectives) {
  std::vector<std::string> names;
  for (const Objective& objective : objectives) names.push_back(objective.name);
  const size_t at = text.find_first_of("<>");
  const bool has_form = at != std::string::npos && at + 1 < text.size() && text[at + 1] == '=';
  const auto bound = has_form ? whole_number_text(tidied(text.substr(at + 2))) : std::nullopt;
  if (!bound)
    fail(ErrorKind::usage, "a limit: expected NAME <= NUMBER or NAME >= NUMBER, as in latency <= 5, got '{}'", text);
  const std::string wanted = tidied(text.substr(0, at));
  const auto found = std::find(names.begin(), names.end(), wanted);
  if (found == names.end())
    fail(ErrorKind::usage, "the limit '{}': '{}' is no objective{}; there are {}", text, wanted,
         did_you_mean(wanted, names), fmt::join(names, ", "));
  return {.objective = static_cast<size_t>(found - names.begin()), .at_most = text[at] == '<', .bound = *bound};
}

std::vector<Standing> standings(const std::vector<Objective>& objectives, std::span<const Limit> limits,
                                const std::vector<std::vector<double>>& values) {
  std::vector<Standing> all(values.size());
  std::vector<size_t> open;
  for (size_t trial = 0; trial < values.size(); ++trial) {
    ATTUNE_CHECK(values[trial].size() == objectives.size(), "{} values of {} objectives", values[trial].size(),
                 objectives.size());
    all[trial].trial = trial;
    if (!std::all_of(values[trial].begin(), values[trial].end(), [](double v) { return std::isfinite(v); })) continue;
    all[trial].broken = broken_by(limits, values[trial]);
    open.push_back(trial);
  }
  const auto above = [&](size_t a, size_t b) {
    if (all[a].broken != all[b].broken) return all[a].broken < all[b].broken;
    return dominates(objectives, values[a], values[b]);
  };
  for (int front = 0; !open.empty(); ++front) {
    std::vector<size_t> here, rest;
    for (const size_t trial : open) {
      const bool below = std::any_of(open.begin(), open.end(), [&](size_t other) { return above(other, trial); });
      (below ? rest : here).push_back(trial);
    }
    for (const size_t trial : here) all[trial].front = front;
    open = std::move(rest);
  }
  std::stable_sort(all.begin(), all.end(), [](const Standing& a, const Standing& b) {
    const auto key = [](const Standing& s) { return std::tuple(!s.front.has_value(), s.front.value_or(0), s.broken); };
    return key(a) < key(b);
  });
  return all;
}

}  // namespace attune::tune
