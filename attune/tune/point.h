// One choice of everything that is searched: what `attune train` would be told, and nothing of how it was found.
#pragma once
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace attune::tune {

// A number, or the label of an alternative (space.h).
using Value = std::variant<double, std::string>;

// The value of every dimension that exists at it, by the dimension's name.
struct Point {
  std::map<std::string, Value> values;
  bool operator==(const Point&) const = default;
};

// A run of a point that has ended.
struct Trial {
  Point point;
  std::optional<double> value = {};  // to maximise; nothing, or not finite: it failed
  double fidelity = 1;               // in (0, 1]: the share of a full run; values compare within one fidelity only
};

// The nearest number of so many significant digits.
inline constexpr int kMostDigits = 6;
double rounded(double number, int digits = kMostDigits);
// The shortest text that reads back as this very number: "16", "3.2e-05".
std::string number_text(double number);

// {"batch-size": 16, "loss": "focal(gamma=?)", "loss.focal.gamma": 1.37}
nlohmann::json to_json(const Point& point);
// That on one line, names in order: equal points have equal texts.
std::string canonical_text(const Point& point);
// 64 bits of that text; the same on every machine, for ever: draws are keyed by it.
uint64_t hash(const Point& point);
uint64_t hash(std::string_view text);

}  // namespace attune::tune
