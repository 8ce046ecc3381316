#include "attune/losses/tagging/iob2.h"

#include <algorithm>

namespace attune::losses {

Iob2Rule::Iob2Rule(std::span<const std::string> names, size_t labels)
    : may_begin_(labels, true), follows_(labels * labels, true) {
  const auto is = [&](size_t label, char prefix) {
    const std::string& tag = names[label];
    return tag.size() > 2 && tag[0] == prefix && tag[1] == '-';
  };
  const auto same_type = [&](size_t a, size_t b) { return names[a].substr(2) == names[b].substr(2); };
  for (size_t label = 0; label < names.size(); ++label) {
    if (!is(label, 'I')) continue;
    bool begins_somewhere = false;
    for (size_t other = 0; other < names.size(); ++other)
      begins_somewhere = begins_somewhere || (is(other, 'B') && same_type(other, label));
    if (!begins_somewhere) continue;
    may_begin_[label] = false, allows_all_ = false;
    for (size_t before = 0; before < names.size(); ++before)
      follows_[before * labels + label] = (is(before, 'B') || is(before, 'I')) && same_type(before, label);
  }
}

}  // namespace attune::losses
