#include "attune/selection/measure/clusters_links.h"

#include <bit>

namespace attune::selection {
namespace {

constexpr int32_t kMostPairsOfText = 8;

}  // namespace

void TextIndex::seal() {
  std::sort(entries_.begin(), entries_.end());
  entries_.erase(std::unique(entries_.begin(), entries_.end()), entries_.end());
  texts_.reserve(entries_.size());
  for (const auto& [key, text] : entries_) {
    if (keys_.empty() || keys_.back() != key) keys_.push_back(key), begins_.push_back(texts_.size());
    texts_.push_back(text);
  }
  begins_.push_back(texts_.size());
  entries_ = {};
  slots_.assign(std::bit_ceil(2 * keys_.size() + 1), -1);
  for (size_t k = 0; k < keys_.size(); ++k) {
    size_t slot = keys_[k] & (slots_.size() - 1);
    while (slots_[slot] >= 0) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = static_cast<int32_t>(k);
  }
}

std::span<const int32_t> TextIndex::find(uint64_t key) const {
  for (size_t slot = key & (slots_.size() - 1); slots_[slot] >= 0; slot = (slot + 1) & (slots_.size() - 1)) {
    const auto k = static_cast<size_t>(slots_[slot]);
    if (keys_[k] == key) return std::span(texts_).subspan(begins_[k], begins_[k + 1] - begins_[k]);
  }
  return {};
}

int32_t NearLinks::root(int32_t text) {
  while (parent_[static_cast<size_t>(text)] != text) {
    int32_t& up = parent_[static_cast<size_t>(text)];
    up = parent_[static_cast<size_t>(up)];
    text = up;
  }
  return text;
}

bool NearLinks::settled(int32_t text, int32_t other) {
  return found_[static_cast<size_t>(text)] >= kMostPairsOfText && follows(std::max(text, other)) &&
         root(text) == root(other);
}

void NearLinks::add(int32_t text, int32_t other) {
  const auto [first, second] = std::minmax(text, other);
  pairs_.emplace_back(first, second);
  follows_[static_cast<size_t>(second)] = true;
  ++found_[static_cast<size_t>(text)];
  const int32_t a = root(first), b = root(second);
  parent_[static_cast<size_t>(std::max(a, b))] = std::min(a, b);
}

}  // namespace attune::selection
