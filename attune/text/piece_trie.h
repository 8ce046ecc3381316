// A trie over bytes as a double array: the child of a node by byte b stands at base ^ b and carries b as its label. No
// two nodes have the same base, so the label alone tells whose child a unit is.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "attune/text/key_order.h"
#include "attune/text/vocabulary.h"

namespace attune::text {

class PieceTrie {
 public:
  using Entry = KeyedEntry;  // 0 <= value <= kMostValue

  PieceTrie() : units_(256, kNoLabel) {}  // holds nothing
  // Equal keys: the last one counts. The empty key is allowed.
  explicit PieceTrie(const std::vector<Entry>& entries);
  // From each piece that is not empty to its id.
  explicit PieceTrie(const Vocabulary& vocabulary);

  static constexpr int32_t kNone = -1, kMostValue = (1 << 27) - 2;

  // A place in the trie: a copy of its unit. kNowhere is no place; one may step from it, and arrives there again.
  using Node = uint64_t;
  static constexpr Node kNowhere = 0;

  Node root() const { return root_; }
  // The node one byte further, or kNowhere.
  Node step(Node node, unsigned char byte) const {
    const Node next = units_[(node >> kBaseShift) ^ byte];
    return (next & kLabelMask) == byte ? next : kNowhere;
  }
  // The value of the key that ends at `node`, or kNone.
  static int32_t value(Node node) { return static_cast<int32_t>(node >> kValueShift & kValueMask) - 1; }
  // The node reached by all of `key`, or kNowhere.
  Node walk(std::string_view key) const;

  struct Match {
    int32_t value = kNone;
    size_t length = 0;
  };
  // The longest key that `text` begins with, walking from `start`; the empty key does not count.
  Match longest(std::string_view text, Node start) const {
    Match best;
    Node node = start;
    for (size_t i = 0; i < text.size(); ++i) {
      node = step(node, static_cast<unsigned char>(text[i]));
      if (node == kNowhere) break;
      if (value(node) != kNone) best = {value(node), i + 1};
    }
    return best;
  }
  Match longest(std::string_view text) const { return longest(text, root_); }

 private:
  // A unit: label (9 bits; kNoLabel where nothing stands), value + 1 (27 bits), base (28 bits).
  static constexpr int kValueShift = 9, kBaseShift = 36;
  static constexpr Node kLabelMask = (1 << kValueShift) - 1, kValueMask = (1 << 27) - 1, kNoLabel = 256;

  class Builder;
  std::vector<Node> units_;  // whole blocks of 256, so that step() needs no bound; nobody's base is 0
  Node root_ = kNowhere;
};

}  // namespace attune::text
