// The pieces of a sentence's words, such that no piece spans two words (a word is what carries one tag).
//
// Tokenizers that split at spaces anyway (WordPiece) take the words one by one. Where a space before a word is part of
// its first piece (Unigram with Metaspace) that would put a space mark before words that had none, above all before
// each character of Chinese tagged by character. There the sentence is encoded as it stood (Example::text), and only
// words that share a piece with a neighbour are encoded again, alone, without the mark unless a space stood before
// them.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "attune/data/example.h"
#include "attune/text/tokenizer.h"

namespace attune::data {

struct SentencePieces {
  std::vector<int32_t> ids;
  std::vector<int32_t> starts;    // [words + 1]: word w has pieces [starts[w], starts[w + 1]); it may have none
  std::vector<int32_t> label_at;  // [words]: the piece that carries w's tag, the first that is more than a space mark;
                                  // -1 where the word yields no piece: it predicts O
};

class WordEncoder {
 public:
  explicit WordEncoder(const text::Tokenizer& tokenizer);
  // Replaces `out`. Not to be called from several threads at once (it remembers words).
  void encode(const Example& sentence, SentencePieces& out);

 private:
  void encode_apart(const Example& sentence, SentencePieces& out);
  void encode_joined(const Example& sentence, SentencePieces& out);
  const std::vector<int32_t>& alone(const std::string& word, bool mark);
  int32_t without_mark(int32_t id) const;
  bool is_mark(int32_t id) const;

  const text::Tokenizer& tokenizer_;
  std::unordered_map<std::string_view, int32_t> index_;  // piece -> id, only where the tokenizer marks spaces
  std::unordered_map<std::string, std::vector<int32_t>> marked_, unmarked_;
  std::vector<text::Piece> pieces_;
};

}  // namespace attune::data
