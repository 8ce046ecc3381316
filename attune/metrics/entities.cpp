#include "attune/metrics/entities.h"

#include <algorithm>
#include <string_view>

namespace attune::metrics {
namespace {

std::string_view type_of(std::string_view label) {
  label.remove_prefix(1);
  const size_t dash = label.find('-');
  if (dash != std::string_view::npos) label.remove_prefix(dash + 1);
  return label.empty() ? "_" : label;
}

bool is_entity_tag(std::string_view label) {
  if (label.empty() || std::string_view("BIES").find(label[0]) == std::string_view::npos) return false;
  return label.size() == 1 || label[1] == '-';
}

bool one_of(char c, std::string_view set) {
  return set.find(c) != std::string_view::npos;
}

// conlleval's two rules; '.' is its mark for "no tag".
bool ends_chunk(TagScheme::Tag before, TagScheme::Tag now) {
  if (one_of(before.prefix, "ES")) return true;
  if (one_of(before.prefix, "BI") && one_of(now.prefix, "BSO")) return true;
  return !one_of(before.prefix, "O.") && before.type != now.type;
}

bool starts_chunk(TagScheme::Tag before, TagScheme::Tag now) {
  if (one_of(now.prefix, "BS")) return true;
  if (one_of(before.prefix, "ESO") && one_of(now.prefix, "EI")) return true;
  return !one_of(now.prefix, "O.") && before.type != now.type;
}

}  // namespace

TagScheme::TagScheme(std::span<const std::string> labels) {
  for (const std::string& label : labels) {
    if (label == "O") outside_ = static_cast<int32_t>(tags_.size());
    if (label != "O" && !label.empty()) types_.emplace_back(type_of(label));
    has_entities_ = has_entities_ || is_entity_tag(label);
    tags_.push_back({label.empty() ? 'O' : label[0], -1});
  }
  std::sort(types_.begin(), types_.end());
  types_.erase(std::unique(types_.begin(), types_.end()), types_.end());
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] == "O" || labels[i].empty()) continue;
    const auto found = std::lower_bound(types_.begin(), types_.end(), type_of(labels[i]));
    tags_[i].type = static_cast<int32_t>(found - types_.begin());
  }
}

std::vector<Entity> entities(const TagScheme& scheme, std::span<const int32_t> tags) {
  std::vector<Entity> found;
  TagScheme::Tag before{'O', -1};
  int32_t begin = 0;
  for (int32_t at = 0; at <= static_cast<int32_t>(tags.size()); ++at) {
    const bool past = at == static_cast<int32_t>(tags.size());
    const TagScheme::Tag now = past ? TagScheme::Tag{'O', -1} : scheme.tag(tags[at]);
    if (ends_chunk(before, now)) found.push_back({before.type, begin, at});
    if (starts_chunk(before, now)) begin = at;
    before = now;
  }
  return found;
}

std::vector<Entity> strict_entities(const TagScheme& scheme, std::span<const int32_t> tags) {
  std::vector<Entity> found;
  bool open = false;
  for (int32_t at = 0; at < static_cast<int32_t>(tags.size()); ++at) {
    const TagScheme::Tag now = scheme.tag(tags[at]);
    open = open && now.prefix == 'I' && found.back().type == now.type;
    if (open) found.back().end = at + 1;
    if (now.prefix != 'B') continue;
    found.push_back({now.type, at, at + 1});
    open = true;
  }
  return found;
}

}  // namespace attune::metrics
