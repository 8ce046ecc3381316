#include "attune/text/unigram.h"

#include <algorithm>
#include <cmath>

#include "attune/base/error.h"

namespace attune::text {
namespace {

constexpr double kUnknownPenalty = 10.0;

// Bytes of the code point that begins with this byte; the word is valid UTF-8.
size_t length_by_lead(char byte) {
  const auto lead = static_cast<unsigned char>(byte);
  return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

// The best cut of the bytes before a place: its last piece, and where that begins.
struct Step {
  double score = 0;
  int32_t begin = -1;  // -1: no cut ends here
  int32_t id = 0;
};

}  // namespace

Unigram::Unigram(Vocabulary pieces, std::vector<double> scores, int64_t unknown)
    : Model(std::move(pieces)), scores_(std::move(scores)), unknown_(static_cast<int32_t>(unknown)) {
  const size_t size = tokens().size();
  ATTUNE_CHECK(scores_.size() == size, "{} scores for {} pieces", scores_.size(), size);
  if (size == 0) fail(ErrorKind::model, "the Unigram vocabulary is empty");
  if (unknown < 0 || unknown >= static_cast<int64_t>(size))
    fail(ErrorKind::model, "the Unigram model's 'unk_id' is {}; expected the id of one of its {} pieces", unknown,
         size);
  for (size_t id = 0; id < size; ++id)
    if (!std::isfinite(scores_[id]))
      fail(ErrorKind::model, "piece {} ('{}') of the Unigram vocabulary has the score {}", id, tokens()[id],
           scores_[id]);
  unknown_score_ = *std::min_element(scores_.begin(), scores_.end()) - kUnknownPenalty;
  behind_character_.resize(kEndOfThree - kFirstOfThree);
  for (char32_t lead = 0xE0; lead < 0xF0; ++lead) {
    const PieceTrie::Node behind_lead = trie().step(trie().root(), static_cast<unsigned char>(lead));
    for (char32_t second = lead == 0xE0 ? 0x20 : 0; second < 0x40; ++second) {
      const PieceTrie::Node behind_second = trie().step(behind_lead, static_cast<unsigned char>(0x80 | second));
      PieceTrie::Node* const row = &behind_character_[((lead & 0xF) << 12 | second << 6) - kFirstOfThree];
      for (char32_t third = 0; third < 0x40; ++third)
        row[third] = trie().step(behind_second, static_cast<unsigned char>(0x80 | third));
    }
  }
}

PieceTrie::Node Unigram::behind_first(const char* text, size_t bytes) const {
  const auto byte = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
  if (bytes == 1) return trie().step(trie().root(), byte(0));
  if (bytes == 3)
    return behind_character_[((byte(0) & 0xFU) << 12 | (byte(1) & 0x3FU) << 6 | (byte(2) & 0x3FU)) - kFirstOfThree];
  return trie().walk({text, bytes});
}

void Unigram::append(std::string_view word, size_t, std::vector<Piece>& out) const {
  thread_local std::vector<Step> steps;
  steps.assign(word.size() + 1, {});
  const auto offer = [](Step& step, double score, size_t begin, int32_t id) {
    if (step.begin < 0 || score > step.score) step = {score, static_cast<int32_t>(begin), id};
  };
  for (size_t at = 0; at < word.size();) {
    const double so_far = steps[at].score;
    size_t end = at + length_by_lead(word[at]);
    // Pieces are whole characters: the first place where one can end is behind the first character.
    PieceTrie::Node node = behind_first(word.data() + at, end - at);
    const int32_t alone = PieceTrie::value(node);
    alone < 0 ? offer(steps[end], so_far + unknown_score_, at, unknown_)
              : offer(steps[end], so_far + scores_[alone], at, alone);
    const size_t next = end;
    while (end < word.size()) {
      node = trie().step(node, static_cast<unsigned char>(word[end]));
      if (node == PieceTrie::kNowhere) break;
      ++end;
      if (const int32_t id = PieceTrie::value(node); id >= 0) offer(steps[end], so_far + scores_[id], at, id);
    }
    at = next;
  }
  const size_t first = out.size();
  for (auto end = static_cast<int32_t>(word.size()); end > 0;) {
    const Step& step = steps[end];
    if (step.id == unknown_ && out.size() > first && out.back().id == unknown_ && out.back().begin == end)
      out.back().begin = step.begin;
    else
      out.push_back({step.id, step.begin, end});
    end = step.begin;
  }
  std::reverse(out.begin() + static_cast<std::ptrdiff_t>(first), out.end());
}

}  // namespace attune::text
