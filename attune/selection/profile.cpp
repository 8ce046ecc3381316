#include "attune/selection/profile.h"

#include <algorithm>

namespace attune::selection {

void Profile::set(Figure figure) {
  const auto same =
      std::find_if(figures_.begin(), figures_.end(), [&](const Figure& f) { return f.name == figure.name; });
  if (same != figures_.end())
    *same = std::move(figure);
  else
    figures_.push_back(std::move(figure));
}

const Figure* Profile::find(std::string_view name) const {
  const auto found = std::find_if(figures_.begin(), figures_.end(), [&](const Figure& f) { return f.name == name; });
  return found == figures_.end() ? nullptr : &*found;
}

double Profile::value(std::string_view name) const {
  const Figure* figure = find(name);
  return figure ? figure->value : metrics::kUndefined;
}

}  // namespace attune::selection
