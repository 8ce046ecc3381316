// The pieces of words met before: natural text repeats its words, and finding a cut costs more than finding a word. One
// table a thread, of fixed size; a word that falls on the place of another takes it. What is found never depends on
// what is remembered.
#pragma once
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

#include "attune/text/model.h"
#include "attune/text/word_in_hand.h"
#include "attune/text/word_key.h"

namespace attune::text {

// Pieces end to end: piece i is the bytes from where the one before it ends up to ends[i].
struct WordCut {
  static constexpr size_t kMost = 6;

  uint8_t count;
  std::array<uint8_t, kMost> ends;
  std::array<int32_t, kMost> ids;
};

class WordCache {
 public:
  static WordCache& of_this_thread();

  // Appends the pieces of a word of any length that begins with `prefix`, their places as its bytes' origins say.
  void append(const Model& model, std::string_view prefix, const WordInHand& word, size_t characters,
              std::vector<Piece>& out);

  // How the model cuts `prefix` followed by the word, of `characters` code points together. Null where it is more
  // pieces than a WordCut holds. Valid until the next call. A model is always asked with the same prefix, of at most 8
  // bytes.
  const WordCut* cut(const Model& model, std::string_view prefix, const WordKey& word, size_t characters) {
    // A place holds two: a word that is met again stands first, a new one takes the second's room.
    Entry *const first = &entries_[2 * place(model.number(), word)], *const second = first + 1;
    if (first->holds(model.number(), word)) return &first->cut;
    if (!second->holds(model.number(), word)) return fill(*second, model, prefix, word, characters);
    std::swap(*first, *second);
    return &first->cut;
  }

 private:
  struct Entry {
    WordKey::Blocks blocks;
    uint32_t model;  // 0, which no model's number is, where nothing is kept
    uint8_t size;
    WordCut cut;

    bool holds(uint32_t number, const WordKey& word) const {
      return same(blocks, word.blocks) && model == number && size == word.size;
    }
  };
  static_assert(sizeof(Entry) == 64);

  WordCache();

  static size_t place(uint32_t model, const WordKey& word) {
    uint64_t mixed = (word.blocks[0] ^ model) * 0x9E3779B97F4A7C15;
    mixed = (mixed ^ mixed >> 32 ^ word.blocks[1]) * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ mixed >> 32 ^ word.blocks[2]) * 0x94D049BB133111EB;
    return mixed >> (64 - kPlaceBits);
  }

  const WordCut* fill(Entry& entry, const Model& model, std::string_view prefix, const WordKey& word,
                      size_t characters);

  static constexpr int kPlaceBits = 14;  // 2 MiB a thread
  static constexpr size_t kEntries = size_t{2} << kPlaceBits;
  struct Free {
    void operator()(Entry* entries) const { std::free(entries); }
  };
  std::unique_ptr<Entry[], Free> entries_;
  std::vector<Piece> pieces_;
};

}  // namespace attune::text
