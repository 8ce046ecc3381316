#include "attune/text/wordpiece.h"

#include <algorithm>

#include "attune/base/error.h"

namespace attune::text {

WordPiece::WordPiece(Vocabulary tokens, const WordPieceOptions& options)
    : Model(std::move(tokens)),
      inside_(trie().walk(options.prefix)),
      unknown_(id_of(options.unknown)),
      max_characters_(static_cast<size_t>(std::max<int64_t>(0, options.max_characters))) {
  if (unknown_ < 0)
    fail(ErrorKind::model,
         "the vocabulary of {} pieces has no unknown piece '{}'; name the right one as `unk_token`, or use the "
         "vocabulary that belongs to the model",
         this->tokens().size(), options.unknown);
}

void WordPiece::append(std::string_view word, size_t characters, std::vector<Piece>& out) const {
  const auto size = static_cast<int32_t>(word.size());
  if (characters > max_characters_) {
    out.push_back({unknown_, 0, size});
    return;
  }
  const size_t before = out.size();
  PieceTrie::Node start = trie().root();
  for (int32_t at = 0; at < size; start = inside_) {
    const PieceTrie::Match match = trie().longest(word.substr(static_cast<size_t>(at)), start);
    if (match.value < 0) {
      out.resize(before);
      out.push_back({unknown_, 0, size});
      return;
    }
    const int32_t end = at + static_cast<int32_t>(match.length);
    out.push_back({match.value, at, end});
    at = end;
  }
}

}  // namespace attune::text
