// What the searches for near texts share: an index from pieces to texts, the candidates that it gives for one text, and
// the links that were found.
#pragma once
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace attune::selection {

// Texts by key. Filled, sealed, then asked.
class TextIndex {
 public:
  void add(uint64_t key, int32_t text) { entries_.emplace_back(key, text); }
  void seal();
  // Ascending; each once.
  std::span<const int32_t> find(uint64_t key) const;

 private:
  std::vector<std::pair<uint64_t, int32_t>> entries_;
  std::vector<uint64_t> keys_;  // each once, ascending
  std::vector<size_t> begins_;  // [keys + 1] into texts_
  std::vector<int32_t> texts_;
  std::vector<int32_t> slots_;  // open addressing: places in keys_, or -1
};

// The texts of some lists, each once, those of the shortest lists first: what is rare tells most. At most `most`, so
// that a piece which half of all texts share does not make the search quadratic.
class Candidates {
 public:
  Candidates(int32_t texts, int64_t most) : seen_(static_cast<size_t>(texts), -1), most_(most) {}
  void add(std::span<const int32_t> list) {
    if (!list.empty()) lists_.push_back(list);
  }
  // Calls visit(candidate) and forgets the lists. `text`: whose candidates they are.
  template <class Visit>
  void visit(int32_t text, const Visit& visit) {
    std::stable_sort(lists_.begin(), lists_.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
    int64_t left = most_;
    for (const auto& list : lists_)
      for (size_t i = list.size(); i > 0 && left > 0; --i) {  // from the end: the texts that stand nearest
        const int32_t candidate = list[i - 1];
        int32_t& seen = seen_[static_cast<size_t>(candidate)];
        if (seen == text || candidate == text) continue;
        seen = text, --left;
        visit(candidate);
      }
    lists_.clear();
  }

 private:
  std::vector<int32_t> seen_;  // [texts] the last text that each was a candidate of
  std::vector<std::span<const int32_t>> lists_;
  int64_t most_;
};

// Near texts, and what hangs together by them.
class NearLinks {
 public:
  explicit NearLinks(int32_t texts)
      : parent_(static_cast<size_t>(texts)), found_(parent_.size(), 0), follows_(parent_.size(), false) {
    std::iota(parent_.begin(), parent_.end(), 0);
  }
  // True where it would change nothing to know whether the two are near: they hang together, the later one is known to
  // be near an earlier one, and `text` has as many pairs as are noted. Without it, data sets made from a template,
  // where each row is near each other, would take quadratic time and memory.
  bool settled(int32_t text, int32_t other);
  void add(int32_t text, int32_t other);

  int32_t root(int32_t text);  // the smallest text that hangs together with it
  bool follows(int32_t text) const { return follows_[static_cast<size_t>(text)]; }  // is near an earlier one
  const std::vector<std::pair<int32_t, int32_t>>& pairs() const { return pairs_; }  // first < second

 private:
  std::vector<int32_t> parent_, found_;
  std::vector<bool> follows_;
  std::vector<std::pair<int32_t, int32_t>> pairs_;
};

}  // namespace attune::selection
