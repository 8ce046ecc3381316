#include "attune/text/unigram.h"

#include <gtest/gtest.h>
#include <map>
#include <random>

#include "attune/base/utf8.h"

namespace attune::text {
namespace {

// The best cut by trying all pieces at all places, from the definition: a character that is no piece costs 10 more than
// the worst piece; the first of equal cuts counts, as places are visited from left to right.
std::vector<int32_t> plain_cut(const std::map<std::string, int32_t>& ids, const std::vector<double>& scores,
                               const std::string& word) {
  const double unknown = *std::min_element(scores.begin(), scores.end()) - 10;
  std::vector<double> best(word.size() + 1);
  std::vector<int32_t> begin(word.size() + 1, -1), last(word.size() + 1);
  const auto offer = [&](size_t from, size_t to, double score, int32_t id) {
    if (begin[to] >= 0 && best[from] + score <= best[to]) return;
    best[to] = best[from] + score, begin[to] = static_cast<int32_t>(from), last[to] = id;
  };
  for (size_t at = 0; at < word.size(); at += static_cast<size_t>(utf8::decode(word, at).bytes)) {
    const size_t one = at + static_cast<size_t>(utf8::decode(word, at).bytes);
    if (!ids.contains(word.substr(at, one - at))) offer(at, one, unknown, 0);
    for (size_t end = one; end <= word.size(); ++end)
      if (const auto found = ids.find(word.substr(at, end - at)); found != ids.end())
        offer(at, end, scores[static_cast<size_t>(found->second)], found->second);
  }
  std::vector<int32_t> cut;
  for (auto end = static_cast<int32_t>(word.size()); end > 0; end = begin[static_cast<size_t>(end)]) {
    const int32_t id = last[static_cast<size_t>(end)];
    if (id != 0 || cut.empty() || cut.back() != 0) cut.push_back(id);
  }
  return {cut.rbegin(), cut.rend()};
}

TEST(Unigram, EqualsAPlainSearch) {
  const std::vector<std::string> letters = {"a", "b", "é", "я", "中", "文", "▁", "ࠀ", "\uFFFD", "😀", "x"};
  std::mt19937 random(2);
  const auto text = [&](size_t most) {
    std::string made;
    for (size_t n = 1 + random() % most; n > 0; --n) made += letters[random() % letters.size()];
    return made;
  };
  for (int round = 0; round < 20; ++round) {
    std::map<std::string, int32_t> ids;
    std::vector<std::string_view> pieces = {"<unk>"};
    std::vector<double> scores = {0};
    for (int i = 0; i < 60; ++i)
      if (const auto [at, is_new] = ids.emplace(text(3), static_cast<int32_t>(pieces.size())); is_new) {
        pieces.push_back(at->first);
        scores.push_back(-static_cast<double>(random() % 64) / 8);  // ties are frequent
      }
    const Unigram model(Vocabulary(pieces), scores, 0);
    for (int i = 0; i < 500; ++i) {
      const std::string word = text(30);
      std::vector<Piece> cut;
      model.append(word, utf8::length(word), cut);
      std::vector<int32_t> found;
      int32_t end = 0;
      for (const Piece& piece : cut) {
        ASSERT_EQ(piece.begin, end);
        end = piece.end;
        found.push_back(piece.id);
      }
      ASSERT_EQ(end, static_cast<int32_t>(word.size()));
      ASSERT_EQ(found, plain_cut(ids, scores, word)) << word;
    }
  }
}

}  // namespace
}  // namespace attune::text
