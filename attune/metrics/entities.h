// Entities from word tags, read in the two ways the field reports.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace attune::metrics {

// A label set of tagging, taken apart once: "B-PER" is prefix 'B' and type "PER".
class TagScheme {
 public:
  explicit TagScheme(std::span<const std::string> labels);

  struct Tag {
    char prefix;   // first byte of the label; 'O' outside
    int32_t type;  // index into types(); -1 for O
  };
  // The label's parts; -1 (no prediction) is O.
  Tag tag(int32_t label) const { return label < 0 ? Tag{'O', -1} : tags_[label]; }
  int32_t labels() const { return static_cast<int32_t>(tags_.size()); }
  // Entity types by name (byte order). A tag without a type ("B") has the type "_".
  const std::vector<std::string>& types() const { return types_; }
  // Index of the label "O", or -1 where there is none.
  int32_t outside() const { return outside_; }
  // Whether any label is B-, I-, E- or S-: otherwise (parts of speech) there are no entities to score.
  bool has_entities() const { return has_entities_; }

 private:
  std::vector<Tag> tags_;
  std::vector<std::string> types_;
  int32_t outside_ = -1;
  bool has_entities_ = false;
};

struct Entity {
  int32_t type;
  int32_t begin, end;  // words [begin, end)
  auto operator<=>(const Entity&) const = default;
};

// As conlleval (CoNLL-2000 shared task) and seqeval's default mode: an I- without a B- before it, or of another type,
// opens an entity; E- and S- are understood.
std::vector<Entity> entities(const TagScheme& scheme, std::span<const int32_t> tags);

// As seqeval's mode="strict" with IOB2: only B- opens an entity, I- of the same type goes on, everything else ends
// it; an I- that continues nothing is no entity.
std::vector<Entity> strict_entities(const TagScheme& scheme, std::span<const int32_t> tags);

}  // namespace attune::metrics
