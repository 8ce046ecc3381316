// Tokens that are found in a text as they stand, before it is cut into words: [MASK], <s>, and what a user added.
#pragma once
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "attune/text/piece_trie.h"

namespace attune::text {

struct AddedToken {
  std::string content;
  int32_t id = -1;
  bool single_word = false;  // only where no word character touches it
  bool lstrip = false;       // takes the white space on its left with it
  bool rstrip = false;       // likewise on its right
  bool normalized = true;    // is looked for in the normalised text, in its own normalised form
};

// Finds a set of tokens in UTF-8 bytes, leftmost first and the longest of those.
class AddedTokens {
 public:
  struct Match {
    int32_t id;
    size_t begin, end;  // bytes, white space taken along included
  };

  AddedTokens() = default;
  // `spelled[i]` is what tokens[i] looks like in the text that is searched. Equal spellings: the first token counts.
  AddedTokens(std::vector<AddedToken> tokens, const std::vector<std::string>& spelled);

  bool empty() const { return tokens_.empty(); }
  // Appends the matches in `text`, in order.
  void find(std::string_view text, std::vector<Match>& out) const;

 private:
  size_t next_candidate(std::string_view text, size_t from) const;

  std::vector<AddedToken> tokens_;
  PieceTrie trie_;  // values are indices into tokens_
  std::array<bool, 256> can_begin_{};
  int only_begin_ = -1;  // the one byte that all tokens begin with, if there is one
};

}  // namespace attune::text
