#include "attune/text/wordpiece.h"

#include <algorithm>

#include "attune/base/error.h"

namespace attune::text {

WordPiece::WordPiece(std::vector<std::string> tokens, const WordPieceOptions& options)
    : Model(std::move(tokens)), max_characters_(static_cast<size_t>(std::max<int64_t>(0, options.max_characters))) {
  std::vector<PieceTrie::Entry> entries;
  entries.reserve(this->tokens().size());
  for (size_t id = 0; id < this->tokens().size(); ++id)
    if (!this->tokens()[id].empty()) entries.emplace_back(this->tokens()[id], static_cast<int32_t>(id));
  trie_ = PieceTrie(std::move(entries));
  inside_ = trie_.walk(options.prefix);
  const int32_t at = trie_.walk(options.unknown);
  unknown_ = at == PieceTrie::kNone ? PieceTrie::kNone : trie_.value(at);
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
  int32_t start = PieceTrie::kRoot;
  for (int32_t at = 0; at < size; start = inside_) {
    const PieceTrie::Match match =
        start == PieceTrie::kNone ? PieceTrie::Match{} : trie_.longest(word.substr(static_cast<size_t>(at)), start);
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
