// A trie over bytes as a double array: the child of node n by byte b stands at base(n) + b and names n as its parent.
#pragma once
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace attune::text {

class PieceTrie {
 public:
  using Entry = std::pair<std::string_view, int32_t>;  // key, value >= 0

  PieceTrie() : units_(257) {}
  // Equal keys: the last one counts. The empty key is allowed.
  explicit PieceTrie(std::vector<Entry> entries);

  static constexpr int32_t kRoot = 0, kNone = -1;

  // The node one byte further, or kNone.
  int32_t step(int32_t node, unsigned char byte) const {
    const int32_t next = units_[node].base + byte;
    return units_[next].parent == node ? next : kNone;
  }
  // The value of the key that ends at `node`, or kNone.
  int32_t value(int32_t node) const { return units_[node].value; }
  // The node reached by all of `key`, or kNone.
  int32_t walk(std::string_view key) const;

  struct Match {
    int32_t value = kNone;
    size_t length = 0;
  };
  // The longest key that `text` begins with, walking from `start`; the empty key does not count.
  Match longest(std::string_view text, int32_t start = kRoot) const {
    Match best;
    int32_t node = start;
    for (size_t i = 0; i < text.size(); ++i) {
      node = step(node, static_cast<unsigned char>(text[i]));
      if (node == kNone) break;
      if (units_[node].value >= 0) best = {units_[node].value, i + 1};
    }
    return best;
  }

 private:
  struct Unit {
    int32_t base = 0;
    int32_t parent = kNone;
    int32_t value = kNone;
  };
  class Builder;
  std::vector<Unit> units_;  // always 256 units beyond the last base, so that step() needs no bound
};

}  // namespace attune::text
