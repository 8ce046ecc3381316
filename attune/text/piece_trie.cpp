#include "attune/text/piece_trie.h"

#include <algorithm>
#include <array>
#include <bitset>

#include "attune/base/error.h"

namespace attune::text {
namespace {

constexpr uint32_t kBlock = 256, kOpen = 16 * kBlock;

// The units that may still be taken: those of the last 16 blocks, as a ring of linked lists. Older blocks are left as
// they are, which keeps building linear for a few lost units.
class FreeUnits {
 public:
  // Numbers of free units in ascending order: from first() by next() until end().
  uint32_t first() const { return next_[kOpen]; }
  uint32_t next(uint32_t unit) const { return next_[unit % kOpen]; }
  static constexpr uint32_t end() { return ~0U; }

  bool is_free(uint32_t unit) const { return free_[unit % kOpen]; }
  bool is_base(uint32_t base) const { return base_[base % kOpen]; }
  void set_base(uint32_t base) { base_[base % kOpen] = true; }

  void take(uint32_t unit) {
    free_[unit % kOpen] = false;
    const uint32_t before = previous_[unit % kOpen], after = next_[unit % kOpen];
    next_[slot(before)] = after;
    previous_[slot(after)] = before;
  }

  // Opens the next block and closes the oldest one where 16 are open.
  uint32_t open_block() {
    const uint32_t begin = units_;
    if (begin >= kOpen)
      for (uint32_t unit = begin - kOpen; unit < begin - kOpen + kBlock; ++unit)
        if (is_free(unit)) take(unit);
    for (uint32_t unit = begin; unit < begin + kBlock; ++unit) append(unit);
    units_ += kBlock;
    return begin;
  }

 private:
  static uint32_t slot(uint32_t unit) { return unit == end() ? kOpen : unit % kOpen; }

  void append(uint32_t unit) {
    free_[unit % kOpen] = true;
    base_[unit % kOpen] = false;
    const uint32_t last = previous_[kOpen];
    next_[slot(last)] = unit;
    previous_[unit % kOpen] = last;
    next_[unit % kOpen] = end();
    previous_[kOpen] = unit;
  }

  // The entry behind the ring is the list's head and tail.
  std::array<uint32_t, kOpen + 1> next_ = filled(), previous_ = filled();
  std::bitset<kOpen> free_, base_;
  uint32_t units_ = 0;

  static std::array<uint32_t, kOpen + 1> filled() {
    std::array<uint32_t, kOpen + 1> all{};
    all.fill(end());
    return all;
  }
};

std::vector<PieceTrie::Entry> entries_of(const Vocabulary& vocabulary) {
  std::vector<PieceTrie::Entry> entries;
  entries.reserve(vocabulary.size());
  for (size_t id = 0; id < vocabulary.size(); ++id)
    if (!vocabulary[id].empty()) entries.emplace_back(vocabulary[id], static_cast<int32_t>(id));
  return entries;
}

}  // namespace

// Places the children of one node after another, in the order of the sorted keys.
class PieceTrie::Builder {
 public:
  explicit Builder(const std::vector<Entry>& entries) {
    size_t bytes = 0;
    for (const Entry& entry : entries) bytes += entry.first.size();
    bytes_.reserve(bytes);
    keys_.reserve(entries.size());
    for (const uint32_t entry : key_order(entries)) {
      const auto& [key, value] = entries[entry];
      keys_.push_back({bytes_.size(), key.size(), value});
      bytes_ += key;
    }
  }

  // Fills `units`; returns the root.
  Node build(std::vector<Node>& units) {
    units_.reserve(keys_.size() * 4);
    open_block();
    Node root = 0;
    place({0, 0, 0, keys_.size()}, root);
    while (!tasks_.empty()) {
      const Task task = tasks_.back();
      tasks_.pop_back();
      if (task.last - task.first == 1) {
        place_rest(task);
        continue;
      }
      Node unit = units_[task.unit];
      place(task, unit);
      units_[task.unit] = unit;
    }
    units = std::move(units_);
    return root;
  }

 private:
  // The keys [first, last) share their first `depth` bytes, which lead to `unit`.
  struct Task {
    uint32_t unit, depth;
    size_t first, last;
  };

  unsigned char byte(size_t key, uint32_t depth) const {
    return static_cast<unsigned char>(bytes_[keys_[key].begin + depth]);
  }

  void place(Task task, Node& node) {
    // Equal keys stand together; the last one given counts.
    int32_t value = kNone;
    while (task.first < task.last && keys_[task.first].size == task.depth) value = keys_[task.first++].value;
    node |= static_cast<Node>(value + 1) << kValueShift;
    labels_.clear();
    for (size_t i = task.first; i < task.last; ++i)
      if (labels_.empty() || labels_.back() != byte(i, task.depth)) labels_.push_back(byte(i, task.depth));
    if (labels_.empty()) return;
    const uint32_t base = free_base();
    free_.set_base(base);
    node |= static_cast<Node>(base) << kBaseShift;
    size_t end = task.last;
    for (size_t l = labels_.size(); l-- > 0;) {
      const uint32_t child = base ^ labels_[l];
      free_.take(child);
      units_[child] = labels_[l];
      size_t begin = end - 1;
      while (begin > task.first && byte(begin - 1, task.depth) == labels_[l]) --begin;
      tasks_.push_back({child, task.depth + 1, begin, end});
      end = begin;
    }
  }

  // The rest of one key, whose nodes have one child each.
  void place_rest(const Task& task) {
    const Key& key = keys_[task.first];
    uint32_t unit = task.unit;
    for (size_t depth = task.depth; depth < key.size; ++depth) {
      labels_.assign(1, static_cast<unsigned char>(bytes_[key.begin + depth]));
      const uint32_t base = free_base(), child = base ^ labels_[0];
      free_.set_base(base);
      free_.take(child);
      units_[unit] |= static_cast<Node>(base) << kBaseShift;
      units_[child] = labels_[0];
      unit = child;
    }
    units_[unit] |= static_cast<Node>(key.value + 1) << kValueShift;
  }

  bool fits(uint32_t base) const {
    return base != 0 && !free_.is_base(base) && std::all_of(labels_.begin(), labels_.end(), [&](unsigned char label) {
             return free_.is_free(base ^ label);
           });
  }

  uint32_t free_base() {
    int tried = 0;
    for (uint32_t unit = free_.first(); unit != FreeUnits::end() && tried < kPatience; unit = free_.next(unit), ++tried)
      if (const uint32_t base = unit ^ labels_[0]; fits(base)) return base;
    open_block();
    const auto begin = static_cast<uint32_t>(units_.size() - kBlock);
    return begin ^ labels_[0];
  }

  void open_block() {
    ATTUNE_CHECK(units_.size() + kBlock < size_t{1} << (64 - kBaseShift), "a trie of {} units", units_.size());
    free_.open_block();
    units_.resize(units_.size() + kBlock, kNoLabel);
  }

  static constexpr int kPatience = 64;

  struct Key {
    size_t begin, size;  // in bytes_
    int32_t value;
  };

  // The keys in order, end to end: their bytes are read many times.
  std::string bytes_;
  std::vector<Key> keys_;
  std::vector<Node> units_;
  FreeUnits free_;
  std::vector<Task> tasks_;
  std::vector<unsigned char> labels_;
};

PieceTrie::PieceTrie(const std::vector<Entry>& entries) : root_(Builder(entries).build(units_)) {}

PieceTrie::PieceTrie(const Vocabulary& vocabulary) : PieceTrie(entries_of(vocabulary)) {}

PieceTrie::Node PieceTrie::walk(std::string_view key) const {
  Node node = root_;
  for (const char byte : key) {
    node = step(node, static_cast<unsigned char>(byte));
    if (node == kNowhere) break;
  }
  return node;
}

}  // namespace attune::text
