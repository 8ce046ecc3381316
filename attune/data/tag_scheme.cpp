#include "attune/data/tag_scheme.h"

#include "attune/base/error.h"

namespace attune::data {
namespace {

constexpr std::string_view kPrefixes = "BIESLUMW";

// Only in IOBES and its kin.
bool is_iobes(char prefix) {
  return prefix != 0 && prefix != 'B' && prefix != 'I';
}

char iob2_prefix(char prefix) {
  switch (prefix) {
    case 'S':
    case 'U':
    case 'W':
      return 'B';
    case 'E':
    case 'L':
    case 'M':
      return 'I';
    default:
      return prefix;
  }
}

}  // namespace

const char* name(TagScheme scheme) {
  switch (scheme) {
    case TagScheme::iob1:
      return "IOB1";
    case TagScheme::iob2:
      return "IOB2";
    case TagScheme::iobes:
      return "IOBES";
    case TagScheme::plain:
      return "plain";
  }
  return "unknown";
}

SplitTag split_tag(std::string_view tag) {
  if (tag.size() < 3 || tag[1] != '-' || kPrefixes.find(tag[0]) == std::string_view::npos) return {0, tag};
  return {tag[0], tag.substr(2)};
}

void TagSchemeDetector::add(const Example& sentence) {
  const auto& tags = sentence.labels;
  SplitTag before{0, {}};
  for (size_t i = 0; i < tags.size(); ++i) {
    const SplitTag tag = split_tag(tags[i]);
    const bool continues = before.prefix != 0 && before.type == tag.type;
    const auto place = [&] { return Place{sentence.word_origin(i), tags[i]}; };
    prefixed_ += tag.prefix != 0;
    iobes_ += is_iobes(tag.prefix);
    if (tag.prefix == 'B' && !continues) ++plain_begins_;
    if (tag.prefix == 'I' && !continues) {
      ++orphans_;
      if (!first_orphan_) first_orphan_ = place();
    }
    if (tag.prefix == 0 && tags[i] != "O" && !first_bare_) first_bare_ = place();
    before = tag;
  }
}

TagScheme TagSchemeDetector::scheme() const {
  if (prefixed_ == 0) return first_bare_ ? TagScheme::plain : TagScheme::iob2;
  if (iobes_ > 0) return TagScheme::iobes;
  return orphans_ > 0 && plain_begins_ == 0 ? TagScheme::iob1 : TagScheme::iob2;
}

std::optional<TagSchemeDetector::Place> TagSchemeDetector::stray() const {
  return prefixed_ > 0 ? first_bare_ : std::nullopt;
}

void convert_to_iob2(std::vector<std::string>& tags, TagScheme scheme, TagCounts& counts) {
  ++counts.sentences;
  counts.words += static_cast<int64_t>(tags.size());
  if (scheme == TagScheme::plain) return;
  char open_prefix = 0;  // as written, of the tag before
  std::string open_type;
  for (std::string& tag : tags) {
    const SplitTag split = split_tag(tag);
    // An entity that E, L, S, U or W closed is not continued.
    const bool closed = scheme == TagScheme::iobes &&
                        (open_prefix == 'E' || open_prefix == 'L' || iob2_prefix(open_prefix) == 'B') &&
                        open_prefix != 'B';
    const bool continues = open_prefix != 0 && !closed && open_type == split.type;
    char prefix = iob2_prefix(split.prefix);
    if (prefix == 'I' && !continues) {
      prefix = 'B';
      ++(scheme == TagScheme::iob1 ? counts.converted : counts.repaired);
    } else if (prefix != split.prefix) {
      ++counts.converted;
    }
    open_prefix = split.prefix;
    open_type.assign(split.prefix ? split.type : std::string_view());
    if (split.prefix) tag[0] = prefix;
  }
}

}  // namespace attune::data
