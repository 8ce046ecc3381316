// Schemes of writing entities as tags of words, and their conversion to IOB2.
//
//   IOB1   I-X inside; B-X only for an entity that directly follows another of its type
//   IOB2   B-X begins every entity, I-X continues it
//   IOBES  and its kin BILOU, BMES, BMEWO: S/U/W a single word, E/L the last word, M a word inside
//   plain  tags that are no entities (parts of speech): left as they are
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attune/data/example.h"

namespace attune::data {

enum class TagScheme { iob1, iob2, iobes, plain };
const char* name(TagScheme scheme);

struct SplitTag {
  char prefix;            // one of B I E S L U M W; 0 where the tag has none (O included)
  std::string_view type;  // after the dash
};
SplitTag split_tag(std::string_view tag);

// Counts what tells the schemes apart, over any number of sentences; then scheme() decides.
class TagSchemeDetector {
 public:
  void add(const Example& sentence);
  TagScheme scheme() const;

  struct Place {
    Origin origin;
    std::string tag;
  };
  // A tag without prefix though others have one: a mistake in the file, unless it is declared plain.
  std::optional<Place> stray() const;
  // An I- tag that continues nothing.
  const std::optional<Place>& first_orphan() const { return first_orphan_; }
  int64_t orphans() const { return orphans_; }

 private:
  int64_t prefixed_ = 0, iobes_ = 0, orphans_ = 0, plain_begins_ = 0;
  std::optional<Place> first_bare_, first_orphan_;
};

// Rewrites the tags of one sentence to IOB2 in place and adds to `counts`: a change that the scheme calls for counts
// as converted; an I- that continues nothing in IOB2 or IOBES counts as repaired (it becomes B-). plain: nothing.
void convert_to_iob2(std::vector<std::string>& tags, TagScheme scheme, TagCounts& counts);

}  // namespace attune::data
