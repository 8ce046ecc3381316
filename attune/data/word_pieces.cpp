#include "attune/data/word_pieces.h"

#include <algorithm>

#include "attune/base/error.h"
#include "attune/data/words.h"

namespace attune::data {
namespace {

constexpr std::string_view kMark = "\xE2\x96\x81";  // U+2581, how vocabularies spell a space
constexpr size_t kMostRemembered = 1 << 16;

}  // namespace

WordEncoder::WordEncoder(const text::Tokenizer& tokenizer) : tokenizer_(tokenizer) {
  if (!tokenizer.marks_spaces()) return;
  const int32_t size = tokenizer.vocabulary_size();
  index_.reserve(static_cast<size_t>(size));
  for (int32_t id = 0; id < size; ++id) index_.try_emplace(tokenizer.token(id), id);
}

void WordEncoder::encode(const Example& sentence, SentencePieces& out) {
  out.ids.clear();
  out.starts.clear();
  out.label_at.clear();
  out.words.clear();
  tokenizer_.marks_spaces() ? encode_joined(sentence, out) : encode_apart(sentence, out);
  out.starts.push_back(static_cast<int32_t>(out.ids.size()));
  out.words.push_back(static_cast<int32_t>(sentence.words.size()));
}

void WordEncoder::encode_apart(const Example& sentence, SentencePieces& out) {
  for (size_t w = 0; w < sentence.words.size(); ++w) {
    out.starts.push_back(static_cast<int32_t>(out.ids.size()));
    out.words.push_back(static_cast<int32_t>(w));
    pieces_.clear();
    tokenizer_.encode(sentence.words[w], pieces_);
    out.label_at.push_back(pieces_.empty() ? -1 : out.starts.back());
    for (const text::Piece& piece : pieces_) out.ids.push_back(piece.id);
  }
}

// Which words each piece covers, and which words must be encoded alone because a piece joins them to others that it may
// not. Pieces come in the order of the text, so one pass does.
void WordEncoder::cover_words(const Example& sentence) {
  const auto& spans = sentence.word_spans;
  const size_t words = spans.size();
  covers_.clear();
  apart_.assign(words, false);
  size_t word = 0;
  for (const text::Piece& piece : pieces_) {
    while (word < words && spans[word].end <= piece.begin) ++word;
    size_t last = word;  // a mark that covers no word goes with the word after it
    bool shareable = last < words && is_single_letter(sentence.words[last]);
    while (last + 1 < words && spans[last + 1].begin < piece.end) {
      ++last;
      shareable = shareable && is_single_letter(sentence.words[last]) && spans[last].begin == spans[last - 1].end;
    }
    covers_.push_back({word, last});
    if (last > word && !shareable)
      std::fill(apart_.begin() + static_cast<ptrdiff_t>(word), apart_.begin() + static_cast<ptrdiff_t>(last) + 1, true);
  }
}

void WordEncoder::encode_joined(const Example& sentence, SentencePieces& out) {
  const auto& spans = sentence.word_spans;
  ATTUNE_CHECK(spans.size() == sentence.words.size(), "{} places for {} words", spans.size(), sentence.words.size());
  pieces_.clear();
  tokenizer_.encode(sentence.text, pieces_);
  cover_words(sentence);

  size_t p = 0;
  for (size_t w = 0; w < spans.size();) {
    out.starts.push_back(static_cast<int32_t>(out.ids.size()));
    out.words.push_back(static_cast<int32_t>(w));
    while (p < pieces_.size() && covers_[p].first < w) ++p;
    size_t last = w;
    if (apart_[w]) {
      const bool space_before = w == 0 || spans[w].begin > spans[w - 1].end;
      const auto& ids = alone(sentence.words[w], space_before);
      out.ids.insert(out.ids.end(), ids.begin(), ids.end());
    } else {
      for (; p < pieces_.size() && covers_[p].first == w; ++p) {
        out.ids.push_back(pieces_[p].id);
        last = std::max(last, covers_[p].last);
      }
    }
    place_label(out);
    w = last + 1;
  }
}

// The tag of the unit that has just been written stands on its first piece that is more than a space mark.
void WordEncoder::place_label(SentencePieces& out) const {
  const auto begin = out.ids.begin() + out.starts.back();
  auto label = std::find_if(begin, out.ids.end(), [this](int32_t id) { return !is_mark(id); });
  // A run of spaces before a word is one mark: the tag's piece must not drift away from the word's beginning.
  if (label - begin > 1) label = out.ids.erase(begin + 1, label);
  out.label_at.push_back(label == out.ids.end() ? -1 : static_cast<int32_t>(label - out.ids.begin()));
}

// A word's pieces when encoded by itself, with or without the space mark that the tokenizer puts before it.
const std::vector<int32_t>& WordEncoder::alone(const std::string& word, bool mark) {
  auto& remembered = mark ? marked_ : unmarked_;
  if (const auto found = remembered.find(word); found != remembered.end()) return found->second;
  if (remembered.size() >= kMostRemembered) remembered.clear();
  std::vector<text::Piece> pieces;
  tokenizer_.encode(word, pieces);
  std::vector<int32_t> ids;
  for (const text::Piece& piece : pieces) ids.push_back(piece.id);
  if (!mark && !ids.empty()) {
    if (is_mark(ids[0])) {
      ids.erase(ids.begin());
    } else {
      ids[0] = without_mark(ids[0]);
    }
  }
  return remembered.emplace(word, std::move(ids)).first->second;
}

// The piece of the same letters without a space before; the piece itself where the vocabulary has none.
int32_t WordEncoder::without_mark(int32_t id) const {
  const std::string_view token = tokenizer_.token(id);
  if (!token.starts_with(kMark)) return id;
  const auto found = index_.find(token.substr(kMark.size()));
  return found == index_.end() ? id : found->second;
}

bool WordEncoder::is_mark(int32_t id) const {
  return tokenizer_.token(id) == kMark;
}

}  // namespace attune::data
