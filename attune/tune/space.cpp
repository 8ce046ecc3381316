#include "attune/tune/space.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "attune/base/error.h"
#include "attune/base/suggest.h"
#include "attune/tune/draws.h"
#include "attune/tune/text.h"

namespace attune::tune {
namespace {

constexpr uint64_t kSampleStream = 0x7475'6e65'0001;  // part of what a seed means: never changes

void check_parent(const std::vector<Dimension>& dimensions, size_t d) {
  const auto& parent = dimensions[d].parent;
  if (!parent) return;
  ATTUNE_CHECK(parent->dimension < d, "{} stands before its parent", dimensions[d].name);
  const Choice* choice = dimensions[parent->dimension].choice();
  ATTUNE_CHECK(choice && parent->alternative < choice->alternatives.size(), "{} hangs on no alternative",
               dimensions[d].name);
}

}  // namespace

Space::Space(std::vector<Dimension> dimensions) : dimensions_(std::move(dimensions)) {
  if (dimensions_.empty())
    fail(ErrorKind::usage, "the space is empty: name what is to be searched, as in lr=1e-5..5e-4:log");
  if (std::all_of(dimensions_.begin(), dimensions_.end(), [](const Dimension& d) { return d.fixed(); }))
    fail(ErrorKind::usage,
         "the space holds a single point: give {} a second value, as in 8|16, or a range, as in 1e-5..5e-4:log",
         dimensions_.size() == 1 ? "'" + dimensions_[0].name + "'" : "one of its options");
  for (size_t d = 0; d < dimensions_.size(); ++d) {
    check_parent(dimensions_, d);
    ATTUNE_CHECK(find(dimensions_[d].name) == d, "two dimensions are called {}", dimensions_[d].name);
    const auto group =
        std::find_if(groups_.begin(), groups_.end(), [&](const Group& g) { return g.parent == dimensions_[d].parent; });
    if (group != groups_.end()) {
      group->dimensions.push_back(d);
    } else {
      groups_.push_back({.parent = dimensions_[d].parent, .dimensions = {d}});
    }
  }
}

std::optional<size_t> Space::find(std::string_view name) const {
  for (size_t d = 0; d < dimensions_.size(); ++d)
    if (dimensions_[d].name == name) return d;
  return std::nullopt;
}

bool Space::holds(const std::optional<Parent>& parent, const Point& point) const {
  if (!parent) return true;
  const Dimension& above = dimensions_[parent->dimension];
  const auto value = point.values.find(above.name);
  if (value == point.values.end()) return false;
  return alternative_of(*above.choice(), value->second) == parent->alternative && holds(above.parent, point);
}

Point Space::at(std::span<const double> units) const {
  ATTUNE_CHECK(units.size() == dimensions_.size(), "{} places for {} dimensions", units.size(), dimensions_.size());
  Point point;
  for (size_t d = 0; d < dimensions_.size(); ++d)
    if (exists(d, point)) point.values[dimensions_[d].name] = value_at(dimensions_[d], units[d]);
  return point;
}

Point Space::sample(uint64_t key) const {
  std::vector<double> units;
  for (const Dimension& dimension : dimensions_)
    units.push_back(uniform(mix_key(key, kSampleStream), hash(dimension.name)));
  return at(units);
}

std::vector<std::string> Space::outside(const Point& point) const {
  std::vector<std::string> wrong, known;
  for (size_t d = 0; d < dimensions_.size(); ++d) {
    const Dimension& dimension = dimensions_[d];
    if (!exists(d, point)) continue;
    known.push_back(dimension.name);
    const auto value = point.values.find(dimension.name);
    if (value == point.values.end()) {
      wrong.push_back(fmt::format("{}: no value", dimension.name));
    } else if (const auto why = tune::outside(dimension, value->second)) {
      wrong.push_back(fmt::format("{}: {}", dimension.name, *why));
    }
  }
  for (const auto& [name, value] : point.values)
    if (std::find(known.begin(), known.end(), name) == known.end())
      wrong.push_back(fmt::format("{}: no dimension of the space at this point{}", name, did_you_mean(name, known)));
  return wrong;
}

Point Space::read(const nlohmann::json& object) const {
  if (!object.is_object()) fail(ErrorKind::input, "a point: expected an object, got {}", object.type_name());
  Point point;
  for (const auto& [name, value] : object.items()) {
    if (value.is_string()) {
      point.values[name] = value.get<std::string>();
    } else if (value.is_number()) {
      point.values[name] = value.get<double>();
    } else {
      fail(ErrorKind::input, "a point: '{}': expected a number or a text, got {}", name, value.type_name());
    }
  }
  const auto wrong = outside(point);
  if (!wrong.empty())
    fail(ErrorKind::input,
         "a point that is not in the space: {}. It was made in another space: search in that one, or begin anew",
         fmt::join(wrong, "; "));
  return point;
}

std::string Space::text_of(size_t d, const Point& point) const {
  const Dimension& dimension = dimensions_[d];
  const auto value = point.values.find(dimension.name);
  ATTUNE_CHECK(value != point.values.end(), "the point has no {}", dimension.name);
  const Choice* choice = dimension.choice();
  if (!choice) return number_text(std::get<double>(value->second));
  const auto chosen = alternative_of(*choice, value->second);
  ATTUNE_CHECK(chosen, "{} is not in the space", dimension.name);
  const Alternative& alternative = choice->alternatives[*chosen];
  std::string text = alternative.literals[0];
  for (size_t hole = 0; hole < alternative.holes.size(); ++hole)
    text += text_of(alternative.holes[hole], point) + alternative.literals[hole + 1];
  return text;
}

std::map<std::string, std::string> Space::options(const Point& point) const {
  std::map<std::string, std::string> texts;
  for (size_t d = 0; d < dimensions_.size(); ++d)
    if (!dimensions_[d].parent) texts[dimensions_[d].name] = text_of(d, point);
  return texts;
}

// Fills in `point` what `text` says of dimension `d` and those in its holes; false, and why, where it is not among
// them.
bool Space::read_text(size_t d, const std::string& text, Point& point, std::string& why) const {
  const Dimension& dimension = dimensions_[d];
  const auto number = whole_number_text(text);
  const Choice* choice = dimension.choice();
  if (!choice || choice->ordered) {
    const Value value = number ? Value(*number) : Value(text);
    if (const auto wrong = tune::outside(dimension, value)) return why = *wrong, false;
    point.values[dimension.name] = value;
    return true;
  }
  std::string deepest = fmt::format("'{}' is none of {}", text, domain_text(dimension));
  for (const Alternative& alternative : choice->alternatives) {
    if (alternative.number ? alternative.number != number : !text.starts_with(alternative.literals[0])) continue;
    Point tried = point;
    tried.values[dimension.name] = alternative.number ? Value(*alternative.number) : Value(alternative.label);
    size_t at = alternative.number ? text.size() : alternative.literals[0].size();
    bool fits = true;
    for (size_t hole = 0; fits && hole < alternative.holes.size(); ++hole) {
      const size_t end = end_of_part(text, at, ",)");
      std::string inner;
      fits = read_text(alternative.holes[hole], text.substr(at, end - at), tried, inner);
      if (!fits) deepest = dimensions_[alternative.holes[hole]].name + ": " + inner;
      fits = fits && std::string_view(text).substr(end).starts_with(alternative.literals[hole + 1]);
      at = end + alternative.literals[hole + 1].size();
    }
    if (fits && at == text.size()) return point = std::move(tried), true;
  }
  return why = deepest, false;
}

Defaults Space::defaults(const std::map<std::string, std::string>& values) const {
  Defaults defaults;
  Point point;
  for (size_t d = 0; d < dimensions_.size(); ++d) {
    if (dimensions_[d].parent) continue;
    const std::string& name = dimensions_[d].name;
    const auto told = values.find(name);
    std::string why = "it has no default";
    if (told == values.end() || !read_text(d, tidied(told->second), point, why))
      defaults.outside.push_back(fmt::format("{}: {}", name, why));
  }
  if (defaults.outside.empty()) defaults.point = std::move(point);
  return defaults;
}

}  // namespace attune::tune
