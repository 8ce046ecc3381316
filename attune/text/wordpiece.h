// WordPiece: a word is cut greedily, each time into the longest piece of the vocabulary that fits (Schuster and
// Nakajima 2012; Wu et al. 2016, arXiv 1609.08144, section 4.1; in the form of BERT).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "attune/text/model.h"

namespace attune::text {

struct WordPieceOptions {
  std::string unknown = "[UNK]";
  std::string prefix = "##";     // of pieces that do not begin a word
  int64_t max_characters = 100;  // a longer word is one unknown piece
};

class WordPiece final : public Model {
 public:
  // tokens[id] is the piece with that id. Errors (model): the unknown piece is not in the vocabulary.
  WordPiece(Vocabulary tokens, const WordPieceOptions& options);

  void append(std::string_view word, size_t characters, std::vector<Piece>& out) const override;
  int32_t unknown() const override { return unknown_; }
  size_t max_characters() const { return max_characters_; }

 private:
  PieceTrie::Node inside_;  // behind the prefix: where pieces inside a word begin
  int32_t unknown_;
  size_t max_characters_;
};

}  // namespace attune::text
