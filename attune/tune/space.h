// The search space: which points there are, how they are drawn, and what `attune train` is told for one of them.
//
// Dimensions form a tree: the inner ranges of an alternative ("focal(gamma=0.5..3)") are dimensions of their own, which
// exist only where it is chosen. Dimensions that exist under the same alternative are a group; those that always exist
// are the first group. The prior draws all of them independently and uniformly in the unit interval (dimension.h).
#pragma once
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "attune/tune/dimension.h"

namespace attune::tune {

struct Group {
  std::optional<Parent> parent = {};
  std::vector<size_t> dimensions;
};

// The point that the defaults are, where it is one of the space's.
struct Defaults {
  std::optional<Point> point = {};
  std::vector<std::string> outside = {};  // why not: "lr: 0.1 lies outside 1e-05..0.0005:log"
};

class Space {
 public:
  // parse_space() makes one of text. Dimensions stand behind their parent's. Errors (usage): no dimension, or none of
  // them has a second value; (internal) two of one name, a parent behind its child or with no such alternative.
  explicit Space(std::vector<Dimension> dimensions);

  const std::vector<Dimension>& dimensions() const { return dimensions_; }
  // Parents' groups before their children's.
  const std::vector<Group>& groups() const { return groups_; }
  // Nothing: no dimension of that name.
  std::optional<size_t> find(std::string_view name) const;
  // Whether all alternatives are chosen at `point` under which dimension `d`, or the group, exists.
  bool exists(size_t d, const Point& point) const { return holds(dimensions_[d].parent, point); }
  bool exists(const Group& group, const Point& point) const { return holds(group.parent, point); }

  // The point whose dimensions lie at `units` (one for each dimension; those of what does not exist are not read).
  Point at(std::span<const double> units) const;
  // A draw from the prior. The draw of a dimension is keyed by its name: it stays when others come and go.
  Point sample(uint64_t key) const;

  // What is wrong with the point ("lr: 0.1 lies outside 1e-05..0.0005:log"), or nothing.
  std::vector<std::string> outside(const Point& point) const;
  // From what to_json() gave. Errors (input): not an object of numbers and texts; a dimension that is not there or does
  // not exist at the point (suggests); one that is missing; a value outside its domain.
  Point read(const nlohmann::json& object) const;
  // Values of options as text: {"lr": "3.2e-05", "loss": "focal(gamma=1.37)"}. The point lies in the space.
  std::map<std::string, std::string> options(const Point& point) const;
  // The point that these values of options are. Blanks do not matter, and a call may tell its holes in the order of the
  // space's text only. What the space does not search is not read. A searched option that is not among them is outside.
  Defaults defaults(const std::map<std::string, std::string>& values) const;

 private:
  bool holds(const std::optional<Parent>& parent, const Point& point) const;
  std::string text_of(size_t d, const Point& point) const;
  bool read_text(size_t d, const std::string& text, Point& point, std::string& why) const;

  std::vector<Dimension> dimensions_;
  std::vector<Group> groups_;
};

}  // namespace attune::tune
