#include "attune/text/key_order.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <span>

namespace attune::text {
namespace {

// Eight bytes of a key as a number that sorts as they do, and which entry the key is of.
struct SortKey {
  uint64_t head;
  uint32_t entry;
};

uint64_t head_of(std::string_view key, size_t at) {
  uint64_t head = 0;
  const size_t size = std::min<size_t>(8, key.size() - at);
  for (size_t i = 0; i < size; ++i) head = head << 8 | static_cast<unsigned char>(key[at + i]);
  return size == 0 ? 0 : head << 8 * (8 - size);
}

// Sorts by eight bytes at a time.
class EntrySort {
 public:
  explicit EntrySort(const std::vector<KeyedEntry>& entries) : entries_(entries) {
    order_.reserve(entries.size());
    for (uint32_t i = 0; i < entries.size(); ++i) order_.push_back({0, i});
    groups_.push_back({0, entries.size(), 0});
    while (!groups_.empty()) {
      const Group group = groups_.back();
      groups_.pop_back();
      sort(group);
    }
  }

  std::vector<uint32_t> order() const {
    std::vector<uint32_t> entries;
    entries.reserve(order_.size());
    for (const SortKey& one : order_) entries.push_back(one.entry);
    return entries;
  }

 private:
  // The keys of [first, last) share their first `depth` bytes; a shorter key counts as filled up with zeros.
  struct Group {
    size_t first, last, depth;
  };

  size_t size(const SortKey& one) const { return entries_[one.entry].first.size(); }

  void sort(Group group) {
    SortKey *const begin = order_.data() + group.first, *const end = order_.data() + group.last;
    SortKey* const longer = std::partition(begin, end, [&](const SortKey& one) { return size(one) <= group.depth; });
    std::sort(begin, longer, [&](const SortKey& a, const SortKey& b) {
      return size(a) != size(b) ? size(a) < size(b) : a.entry < b.entry;
    });
    for (SortKey* at = longer; at != end; ++at) at->head = head_of(entries_[at->entry].first, group.depth);
    sort_by_head({longer, end});
    for (SortKey* at = longer; at != end;) {
      SortKey* const next = std::find_if(at, end, [&](const SortKey& one) { return one.head != at->head; });
      if (next - at > 1)
        groups_.push_back(
            {static_cast<size_t>(at - order_.data()), static_cast<size_t>(next - order_.data()), group.depth + 8});
      at = next;
    }
  }

  void sort_by_head(std::span<SortKey> keys) {
    if (keys.size() < 1024) {
      std::sort(keys.begin(), keys.end(), [](const SortKey& a, const SortKey& b) { return a.head < b.head; });
      return;
    }
    // By one byte after another, the last one first; an even number of passes ends where it began.
    spare_.resize(keys.size());
    std::span<SortKey> from = keys, to = spare_;
    for (int shift = 0; shift < 64; shift += 8, std::swap(from, to)) {
      std::array<uint32_t, 257> begin{};
      for (const SortKey& one : from) ++begin[(one.head >> shift & 0xFF) + 1];
      std::partial_sum(begin.begin(), begin.end(), begin.begin());
      for (const SortKey& one : from) to[begin[one.head >> shift & 0xFF]++] = one;
    }
  }

  const std::vector<KeyedEntry>& entries_;
  std::vector<SortKey> order_, spare_;
  std::vector<Group> groups_;
};

}  // namespace

std::vector<uint32_t> key_order(const std::vector<KeyedEntry>& entries) {
  return EntrySort(entries).order();
}

}  // namespace attune::text
