#include "attune/text/word_cache.h"

#include <new>

namespace attune::text {

// Zeros from the system take no memory before they are written.
WordCache::WordCache() : entries_(static_cast<Entry*>(std::calloc(kEntries, sizeof(Entry)))) {
  if (!entries_) throw std::bad_alloc();
}

WordCache& WordCache::of_this_thread() {
  thread_local const std::unique_ptr<WordCache> cache(new WordCache());
  return *cache;
}

void WordCache::append(const Model& model, std::string_view prefix, const WordInHand& word, size_t characters,
                       std::vector<Piece>& out) {
  const size_t letters = word.size() - prefix.size();
  if (const WordCut* known =
          letters > WordKey::kLongest ? nullptr : cut(model, prefix, word.key(prefix.size()), characters)) {
    size_t begin = 0;
    for (size_t i = 0; i < known->count; ++i) {
      out.push_back({known->ids[i], word.origin(begin), word.origin(known->ends[i] - 1U) + 1});
      begin = known->ends[i];
    }
    return;
  }
  const size_t first = out.size();
  model.append(word.bytes(), characters, out);
  for (size_t i = first; i < out.size(); ++i) {
    out[i].begin = word.origin(static_cast<size_t>(out[i].begin));
    out[i].end = word.origin(static_cast<size_t>(out[i].end) - 1) + 1;
  }
}

const WordCut* WordCache::fill(Entry& entry, const Model& model, std::string_view prefix, const WordKey& word,
                               size_t characters) {
  std::array<char, WordKey::kLongest + 8> whole;
  prefix.copy(whole.data(), prefix.size());
  word.bytes().copy(whole.data() + prefix.size(), word.size);
  pieces_.clear();
  model.append({whole.data(), prefix.size() + word.size}, characters, pieces_);
  if (pieces_.size() > WordCut::kMost) return nullptr;
  entry.blocks = word.blocks;
  entry.size = static_cast<uint8_t>(word.size);
  entry.model = model.number();
  entry.cut.count = static_cast<uint8_t>(pieces_.size());
  for (size_t i = 0; i < pieces_.size(); ++i) {
    entry.cut.ids[i] = pieces_[i].id;
    entry.cut.ends[i] = static_cast<uint8_t>(pieces_[i].end);
  }
  return &entry.cut;
}

}  // namespace attune::text
