#include "attune/text/added_tokens.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "attune/base/utf8.h"
#include "attune/text/unicode.h"

namespace attune::text {
namespace {

// Where the last code point of `text` begins.
size_t last_code_point(std::string_view text) {
  size_t at = text.size() - 1;
  for (int i = 0; i < 3 && at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80; ++i) --at;
  return at + utf8::decode(text, at).bytes == text.size() ? at : text.size() - 1;
}

bool has(std::string_view text, size_t at, unicode::Flag flag) {
  return unicode::record(utf8::decode(text, at).code_point).flags & flag;
}

size_t spaces_at_start(std::string_view text) {
  size_t at = 0;
  while (at < text.size() && has(text, at, unicode::kWhitespace)) at += utf8::decode(text, at).bytes;
  return at;
}

// `text` without the white space at its end.
size_t without_spaces_at_end(std::string_view text) {
  while (!text.empty()) {
    const size_t last = last_code_point(text);
    if (!has(text, last, unicode::kWhitespace)) break;
    text = text.substr(0, last);
  }
  return text.size();
}

}  // namespace

AddedTokens::AddedTokens(std::vector<AddedToken> tokens, const std::vector<std::string>& spelled)
    : tokens_(std::move(tokens)) {
  std::vector<PieceTrie::Entry> entries;
  std::set<std::string_view> seen;
  std::set<unsigned char> first_bytes;
  for (size_t i = 0; i < tokens_.size(); ++i) {
    if (spelled[i].empty() || !seen.insert(spelled[i]).second) continue;
    entries.emplace_back(spelled[i], static_cast<int32_t>(i));
    first_bytes.insert(static_cast<unsigned char>(spelled[i][0]));
  }
  for (const unsigned char byte : first_bytes) can_begin_[byte] = true;
  if (first_bytes.size() == 1) only_begin_ = *first_bytes.begin();
  trie_ = PieceTrie(entries);
}

size_t AddedTokens::next_candidate(std::string_view text, size_t from) const {
  if (from >= text.size()) return text.size();
  if (only_begin_ >= 0) {
    const void* at = std::memchr(text.data() + from, only_begin_, text.size() - from);
    return at ? static_cast<size_t>(static_cast<const char*>(at) - text.data()) : text.size();
  }
  while (from < text.size() && !can_begin_[static_cast<unsigned char>(text[from])]) ++from;
  return from;
}

void AddedTokens::find(std::string_view text, std::vector<Match>& out) const {
  if (empty()) return;
  size_t taken = 0;  // up to here an earlier match took the text, white space included
  for (size_t at = next_candidate(text, 0); at < text.size(); at = next_candidate(text, at)) {
    const PieceTrie::Match match = trie_.longest(text.substr(at));
    if (match.value < 0) {
      ++at;
      continue;
    }
    const AddedToken& token = tokens_[match.value];
    size_t begin = at, end = at + match.length;
    at = end;
    if (token.single_word) {
      const bool left = begin > 0 && has(text, last_code_point(text.substr(0, begin)), unicode::kWord);
      const bool right = end < text.size() && has(text, end, unicode::kWord);
      if (left || right) continue;
    }
    if (token.lstrip) begin = std::max(without_spaces_at_end(text.substr(0, begin)), taken);
    if (token.rstrip) end += spaces_at_start(text.substr(end));
    out.push_back({token.id, begin, end});
    taken = end;
  }
}

}  // namespace attune::text
