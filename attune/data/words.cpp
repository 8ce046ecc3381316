#include "attune/data/words.h"

#include <algorithm>

#include "attune/base/utf8.h"

namespace attune::data {
namespace {

struct Range {
  char32_t first, last;
};

bool within(char32_t c, std::initializer_list<Range> ranges) {
  return std::any_of(ranges.begin(), ranges.end(), [c](Range r) { return c >= r.first && c <= r.last; });
}

bool is_space(char32_t c) {
  return within(c, {{0x09, 0x0D},
                    {0x20, 0x20},
                    {0x85, 0x85},
                    {0xA0, 0xA0},
                    {0x1680, 0x1680},
                    {0x2000, 0x200A},
                    {0x2028, 0x2029},
                    {0x202F, 0x202F},
                    {0x205F, 0x205F},
                    {0x3000, 0x3000}});
}

bool is_punctuation(char32_t c) {
  return within(c, {{0x21, 0x2F},
                    {0x3A, 0x40},
                    {0x5B, 0x60},
                    {0x7B, 0x7E},
                    {0xA1, 0xA1},
                    {0xA7, 0xA7},
                    {0xAB, 0xAB},
                    {0xB6, 0xB7},
                    {0xBB, 0xBB},
                    {0xBF, 0xBF},
                    {0x2010, 0x2027},
                    {0x2030, 0x205E},
                    {0x3001, 0x3003},
                    {0x3008, 0x3011},
                    {0x3014, 0x301F},
                    {0xFF01, 0xFF0F},
                    {0xFF1A, 0xFF20},
                    {0xFF3B, 0xFF40},
                    {0xFF5B, 0xFF65}});
}

struct Edges {
  char32_t first = 0, last = 0;
  int32_t length = 0;
};

Edges edges(std::string_view word) {
  Edges found;
  for (size_t at = 0; at < word.size(); ++found.length) {
    const auto one = utf8::decode(word, at);
    if (at == 0) found.first = one.code_point;
    found.last = one.code_point;
    at += static_cast<size_t>(one.bytes);
  }
  return found;
}

}  // namespace

bool is_cjk(char32_t c) {
  return within(c, {{0x2E80, 0x312F},
                    {0x3190, 0x4DBF},
                    {0x4E00, 0x9FFF},
                    {0xF900, 0xFAFF},
                    {0xFE30, 0xFE4F},
                    {0xFF00, 0xFF60},
                    {0xFF61, 0xFF9F},
                    {0xFFE0, 0xFFE6},
                    {0x20000, 0x3FFFF}});
}

bool is_single_letter(std::string_view word) {
  if (word.empty()) return false;
  const auto one = utf8::decode(word, 0);
  return static_cast<size_t>(one.bytes) == word.size() && !is_space(one.code_point) && !is_punctuation(one.code_point);
}

void split_words(std::string_view text, std::vector<std::string>& words, std::vector<WordSpan>& spans) {
  size_t word_at = 0;
  int32_t word_begin = -1, place = 0;
  const auto finish = [&](size_t at) {
    if (word_begin < 0) return;
    words.emplace_back(text.substr(word_at, at - word_at));
    spans.push_back({word_begin, place});
    word_begin = -1;
  };
  for (size_t at = 0; at < text.size(); ++place) {
    const auto one = utf8::decode(text, at);
    const auto bytes = static_cast<size_t>(one.bytes);
    if (is_space(one.code_point)) {
      finish(at);
    } else if (is_punctuation(one.code_point) || is_cjk(one.code_point)) {
      finish(at);
      words.emplace_back(text.substr(at, bytes));
      spans.push_back({place, place + 1});
    } else if (word_begin < 0) {
      word_begin = place, word_at = at;
    }
    at += bytes;
  }
  finish(text.size());
}

std::string join_words(const std::vector<std::string>& words, std::vector<WordSpan>& spans) {
  std::vector<Edges> all(words.size());
  std::transform(words.begin(), words.end(), all.begin(), edges);
  const bool characters = std::all_of(all.begin(), all.end(), [](const Edges& e) { return e.length == 1; });
  std::string text;
  int32_t place = 0;
  spans.clear();
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0 && !characters && !is_cjk(all[i - 1].last) && !is_cjk(all[i].first)) text += ' ', ++place;
    spans.push_back({place, place + all[i].length});
    place += all[i].length;
    text += words[i];
  }
  return text;
}

}  // namespace attune::data
