// The pieces of a sentence's words, cut such that each piece can carry a tag.
//
// Tokenizers that split at spaces anyway (WordPiece) take the words one by one. Where a space before a word is part of
// its first piece (Unigram with Metaspace) that would put a space mark before words that had none, above all before
// each character of Chinese tagged by character. There the sentence is encoded as it stood (Example::text), and a piece
// that spans words is kept only where these are single characters, letters or digits each (a model that has seen 北京
// as one piece all its life reads it badly as two): the characters share the piece, and its tag. Other words that share
// a piece with a neighbour are encoded again, alone, without the mark unless a space stood before them. So pieces never
// join punctuation to a name, nor two words of a text that is written with spaces.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "attune/data/example.h"
#include "attune/text/tokenizer.h"

namespace attune::data {

// A unit is what is tagged as one: a word, or characters that share a piece.
struct SentencePieces {
  std::vector<int32_t> ids;
  std::vector<int32_t> starts;    // [units + 1]: unit u has pieces [starts[u], starts[u + 1]); it may have none
  std::vector<int32_t> label_at;  // [units]: the piece that carries u's tag, the first that is more than a space mark;
                                  // -1 where the unit yields no piece: it predicts O
  std::vector<int32_t> words;     // [units + 1]: unit u is words [words[u], words[u + 1])

  size_t units() const { return label_at.size(); }
  int32_t words_in(size_t unit) const { return words[unit + 1] - words[unit]; }
};

class WordEncoder {
 public:
  explicit WordEncoder(const text::Tokenizer& tokenizer);
  // Replaces `out`. Not to be called from several threads at once (it remembers words).
  void encode(const Example& sentence, SentencePieces& out);

 private:
  // Which words a piece of the sentence covers: [first, last].
  struct Cover {
    size_t first, last;
  };

  void encode_apart(const Example& sentence, SentencePieces& out);
  void encode_joined(const Example& sentence, SentencePieces& out);
  void cover_words(const Example& sentence);
  void place_label(SentencePieces& out) const;
  const std::vector<int32_t>& alone(const std::string& word, bool mark);
  int32_t without_mark(int32_t id) const;
  bool is_mark(int32_t id) const;

  const text::Tokenizer& tokenizer_;
  std::unordered_map<std::string_view, int32_t> index_;  // piece -> id, only where the tokenizer marks spaces
  std::unordered_map<std::string, std::vector<int32_t>> marked_, unmarked_;
  std::vector<text::Piece> pieces_;
  std::vector<Cover> covers_;  // by piece
  std::vector<bool> apart_;    // by word: to be encoded alone
};

}  // namespace attune::data
