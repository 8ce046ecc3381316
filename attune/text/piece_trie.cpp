#include "attune/text/piece_trie.h"

#include <algorithm>

namespace attune::text {

// Places the children of one node after another, in the order of a breadth-first walk over the sorted keys.
class PieceTrie::Builder {
 public:
  Builder(const std::vector<Entry>& entries, std::vector<Unit>& units) : entries_(entries), units_(units) {}

  void build() {
    units_.assign(512, {});
    queue_.push_back({kRoot, 0, 0, entries_.size()});
    for (size_t i = 0; i < queue_.size(); ++i) place(queue_[i]);
    units_.resize(static_cast<size_t>(highest_base_) + 257);
    units_.shrink_to_fit();
  }

 private:
  // The keys [first, last) share their first `depth` bytes, which lead to `node`.
  struct Task {
    int32_t node;
    uint32_t depth;
    size_t first, last;
  };

  void place(Task task) {
    // Equal keys stand together; the last one given counts.
    while (task.first < task.last && entries_[task.first].first.size() == task.depth)
      units_[task.node].value = entries_[task.first++].second;
    labels_.clear();
    for (size_t i = task.first; i < task.last;) {
      const auto label = static_cast<unsigned char>(entries_[i].first[task.depth]);
      const size_t begin = i;
      while (i < task.last && static_cast<unsigned char>(entries_[i].first[task.depth]) == label) ++i;
      labels_.push_back({label, begin, i});
    }
    if (labels_.empty()) return;
    const int32_t base = free_base();
    highest_base_ = std::max(highest_base_, base);
    units_[task.node].base = base;
    for (const Label& label : labels_) {
      const int32_t child = base + label.byte;
      units_[child].parent = task.node;
      queue_.push_back({child, task.depth + 1, label.first, label.last});
    }
  }

  bool fits(int32_t base) const {
    return std::all_of(labels_.begin(), labels_.end(),
                       [&](const Label& label) { return units_[base + label.byte].parent == kNone; });
  }

  // The lowest base that fits, looking from the first gap on; a stretch that stays crowded is left behind for good,
  // which keeps building linear for a few lost units.
  int32_t free_base() {
    int tried = 0;
    for (int32_t base = start_;; ++base) {
      if (static_cast<size_t>(base) + 512 > units_.size()) units_.resize(units_.size() * 2);
      if (fits(base)) return base;
      if (++tried == kPatience) start_ += kPatience / 2;
      if (tried >= kPatience) tried = 0;
    }
  }

  struct Label {
    unsigned char byte;
    size_t first, last;
  };
  static constexpr int kPatience = 64;

  const std::vector<Entry>& entries_;
  std::vector<Unit>& units_;
  std::vector<Task> queue_;
  std::vector<Label> labels_;
  int32_t start_ = 1;  // base 0 would let byte 0 of the root be the root itself
  int32_t highest_base_ = 0;
};

PieceTrie::PieceTrie(std::vector<Entry> entries) {
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.first < b.first; });
  Builder(entries, units_).build();
}

int32_t PieceTrie::walk(std::string_view key) const {
  int32_t node = kRoot;
  for (const char byte : key) {
    node = step(node, static_cast<unsigned char>(byte));
    if (node == kNone) return kNone;
  }
  return node;
}

}  // namespace attune::text
