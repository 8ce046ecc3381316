// A metric's value with its interval, and the ordered name -> value map that a command prints, a report stores and
// `--best-metric` picks from.
#pragma once
#include <cmath>
#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace attune::metrics {

inline constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

// A number as JSON has it: null where it is undefined or infinite.
template <class Json>
Json json_number(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

// A two-sided interval, 95% where nothing else is said.
struct Interval {
  double low = kUndefined, high = kUndefined;
  bool defined() const { return !std::isnan(low) && !std::isnan(high); }
};

struct Score {
  std::string name;
  double value = kUndefined;  // NaN: undefined, and `note` says why
  std::string note = {};
  std::optional<Interval> interval = {};  // absent where none was asked for or none exists
  bool defined() const { return !std::isnan(value); }
};

class Scores {
 public:
  // Adds a score, or replaces the one of that name in its place.
  Score& set(Score score);
  Score& set(std::string_view name, double value) { return set(Score{.name = std::string(name), .value = value}); }

  const Score* find(std::string_view name) const;  // null where absent
  // Errors (usage): not among these scores; lists what there is and suggests the nearest.
  const Score& at(std::string_view name) const;
  // The value, or NaN where absent.
  double value(std::string_view name) const;

  bool empty() const { return scores_.empty(); }
  size_t size() const { return scores_.size(); }
  auto begin() const { return scores_.begin(); }
  auto end() const { return scores_.end(); }

 private:
  std::vector<Score> scores_;
};

// {"accuracy": 0.91, "auroc": null, ...}: values only, undefined ones (and infinities, which JSON lacks) as null.
nlohmann::json to_json(const Scores& scores);

// Wilson's score interval for `successes` out of `trials` (E. B. Wilson 1927) at the normal quantile `z`. Both bounds
// stay in [0, 1]; zero trials give an undefined interval.
Interval wilson(double successes, double trials, double z = 1.959963984540054);

}  // namespace attune::metrics
