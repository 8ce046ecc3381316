#include "attune/text/unigram.h"

#include <algorithm>
#include <cmath>

#include "attune/base/error.h"

namespace attune::text {
namespace {

constexpr double kUnknownPenalty = 10.0;

std::vector<std::string> names_of(std::vector<ScoredPiece>& pieces) {
  std::vector<std::string> names;
  names.reserve(pieces.size());
  for (ScoredPiece& one : pieces) names.push_back(std::move(one.piece));
  return names;
}

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

Unigram::Unigram(std::vector<ScoredPiece> pieces, int64_t unknown)
    : Model(names_of(pieces)), unknown_(static_cast<int32_t>(unknown)) {
  if (pieces.empty()) fail(ErrorKind::model, "the Unigram vocabulary is empty");
  if (unknown < 0 || unknown >= static_cast<int64_t>(pieces.size()))
    fail(ErrorKind::model, "the Unigram model's 'unk_id' is {}; expected the id of one of its {} pieces", unknown,
         pieces.size());
  double worst = pieces[0].score;
  std::vector<PieceTrie::Entry> entries;
  entries.reserve(pieces.size());
  scores_.reserve(pieces.size());
  for (size_t id = 0; id < pieces.size(); ++id) {
    if (!std::isfinite(pieces[id].score))
      fail(ErrorKind::model, "piece {} ('{}') of the Unigram vocabulary has the score {}", id, tokens()[id],
           pieces[id].score);
    worst = std::min(worst, pieces[id].score);
    scores_.push_back(pieces[id].score);
    if (!tokens()[id].empty()) entries.emplace_back(tokens()[id], static_cast<int32_t>(id));
  }
  unknown_score_ = worst - kUnknownPenalty;
  trie_ = PieceTrie(std::move(entries));
}

void Unigram::append(std::string_view word, size_t, std::vector<Piece>& out) const {
  thread_local std::vector<Step> steps;
  steps.assign(word.size() + 1, {});
  const auto offer = [](Step& step, double score, size_t begin, int32_t id) {
    if (step.begin < 0 || score > step.score) step = {score, static_cast<int32_t>(begin), id};
  };
  for (size_t at = 0; at < word.size();) {
    const size_t one = length_by_lead(word[at]);
    const double so_far = steps[at].score;
    bool covered = false;  // by a piece of just this character
    int32_t node = PieceTrie::kRoot;
    for (size_t end = at; end < word.size();) {
      node = trie_.step(node, static_cast<unsigned char>(word[end]));
      if (node == PieceTrie::kNone) break;
      ++end;
      const int32_t id = trie_.value(node);
      if (id < 0) continue;
      offer(steps[end], so_far + scores_[id], at, id);
      covered = covered || end == at + one;
    }
    if (!covered) offer(steps[at + one], so_far + unknown_score_, at, unknown_);
    at += one;
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
