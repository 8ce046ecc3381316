// What is searched along one name: its domain, and the same domain as the unit interval.
//
// Every value has a place u in [0, 1], where the prior is uniform:
//   real A..B             u = (x - A) / (B - A), or of logarithms
//   whole A..B            a cell [x - 1/2, x + 1/2] of the range [A - 1/2, B + 1/2], or of logarithms; u is its middle
//   choice of C           C cells of 1 / C in the order told
// A real value stands on a lattice of round numbers, of at least 200 steps: of so many digits by logarithms, else of so
// many decimals. People read it, and the text that replays it is the value itself.
#pragma once
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "attune/tune/point.h"

namespace attune::tune {

enum class Scale { linear, logarithmic };

// low < high; low > 0 where logarithmic. `whole`: integers, both ends among them.
struct Range {
  double low, high;
  Scale scale = Scale::linear;
  bool whole = false;
};

// One text to choose, with holes that further dimensions fill: "focal(gamma=" [loss.focal.gamma] ")".
struct Alternative {
  std::string label;                  // "focal(gamma=?)"; unique in its choice
  std::optional<double> number = {};  // where the whole text is a number
  std::vector<std::string> literals;  // holes.size() + 1 of them
  std::vector<size_t> holes = {};     // dimensions of the space, in the order of the text
};

// At most 64 alternatives. A choice of numbers alone is ordered: told in any way, kept ascending.
struct Choice {
  std::vector<Alternative> alternatives;
  bool ordered = false;
};

struct Parent {
  size_t dimension, alternative;
  bool operator==(const Parent&) const = default;
};

struct Dimension {
  std::string name;  // "lr", "loss", "loss.focal.gamma"
  std::variant<Range, Choice> domain;
  std::optional<Parent> parent = {};  // it exists only where that alternative is chosen

  const Choice* choice() const { return std::get_if<Choice>(&domain); }
  // Values without an order among them: all other dimensions are numbers to a model.
  bool unordered() const { return choice() && !choice()->ordered; }
  bool fixed() const { return choice() && choice()->alternatives.size() == 1; }
};

struct Cell {
  double low, high;
};

// The value at `unit`, which is held to [0, 1].
Value value_at(const Dimension& dimension, double unit);
// Where the value stands. Numbers beyond the range stand at its end; a value of the other kind, and a label or number
// that is no alternative, at none.
std::optional<double> unit_of(const Dimension& dimension, const Value& value);
// All places that value_at takes to the same value as `unit`; nothing for real ranges, where that is one place.
std::optional<Cell> cell_at(const Dimension& dimension, double unit);
// Distinct values, 0: a real range.
size_t cells(const Dimension& dimension);
// Which alternative; nothing: none.
std::optional<size_t> alternative_of(const Choice& choice, const Value& value);
// What is wrong with the value, as "7 lies outside 8..32"; nothing: it lies in the domain.
std::optional<std::string> outside(const Dimension& dimension, const Value& value);
// As a user would tell it: "1e-05..0.0005:log", "8|16|32".
std::string domain_text(const Dimension& dimension);

}  // namespace attune::tune
