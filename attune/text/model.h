// What cuts one word into pieces of the vocabulary.
#pragma once
#include <string_view>
#include <utility>
#include <vector>

#include "attune/text/piece_trie.h"
#include "attune/text/tokenizer.h"
#include "attune/text/vocabulary.h"

namespace attune::text {

// More ids than any vocabulary has; a larger one is a mistake, and would cost its memory.
inline constexpr int64_t kMostPieces = int64_t{1} << 24;

class Model {
 public:
  // Errors (model): more pieces than kMostPieces.
  explicit Model(Vocabulary tokens);
  virtual ~Model() = default;

  // Appends the pieces of `word` (valid UTF-8 of `characters` code points, not empty) to `out`, their begin and end
  // as bytes of the word.
  virtual void append(std::string_view word, size_t characters, std::vector<Piece>& out) const = 0;
  // The id of the unknown piece, or -1.
  virtual int32_t unknown() const = 0;

  // No other model that the program ever made has this number; it is not 0.
  uint32_t number() const { return number_; }
  // The vocabulary by id; ids that no piece has are empty.
  const Vocabulary& tokens() const { return tokens_; }
  // The id of a piece, or -1. Of a piece that stands twice the last id counts.
  int32_t id_of(std::string_view piece) const { return piece.empty() ? -1 : trie_.value(trie_.walk(piece)); }

 protected:
  const PieceTrie& trie() const { return trie_; }

 private:
  uint32_t number_;
  Vocabulary tokens_;
  PieceTrie trie_;
};

}  // namespace attune::text
