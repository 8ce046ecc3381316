// Unigram: the cut of a word whose pieces have the greatest sum of scores (Kudo 2018, arXiv 1804.10959), found by
// Viterbi's algorithm in one pass, as the reference's `encode_optimized` does.
#pragma once
#include <string_view>
#include <vector>

#include "attune/text/model.h"

namespace attune::text {

class Unigram final : public Model {
 public:
  // scores[id] belongs to the piece; unknown: the id of the unknown piece, or -1. Errors (model): empty vocabulary,
  // `unknown` beyond it or -1, a score that is not finite.
  Unigram(Vocabulary pieces, std::vector<double> scores, int64_t unknown);

  // A character that no piece covers costs 10 more than the worst piece; unknown characters side by side are one piece.
  void append(std::string_view word, size_t characters, std::vector<Piece>& out) const override;
  int32_t unknown() const override { return unknown_; }

 private:
  // The trie's node behind a text that is one character.
  PieceTrie::Node behind_first(const char* text, size_t bytes) const;

  // The trie's node behind each character of three bytes, which Chinese, Japanese and Korean are written in.
  static constexpr char32_t kFirstOfThree = 0x800, kEndOfThree = 0x10000;
  std::vector<PieceTrie::Node> behind_character_;
  std::vector<double> scores_;
  int32_t unknown_;
  double unknown_score_;
};

}  // namespace attune::text
