#include "attune/selection/measure/clusters_short.h"

#include <array>
#include <bit>

#include "attune/base/rng.h"

namespace attune::selection {
namespace {

constexpr int64_t kMostShortCandidates = 4000;
constexpr uint64_t kPieceStream = 0x7069656365;  // "piece"

// Edits that a near pair may have whose longer text has `longer` characters.
int32_t edits_allowed(int32_t longer) {
  return longer / 10;
}
// The longest text that may be near a short one.
constexpr int32_t kLongestPartner = kLongestShort + kLongestShort / 9;

struct Piece {
  int32_t begin, length;
};
// Piece `i` of `pieces` about equal ones of a text.
Piece piece_of(int32_t length, int32_t pieces, int32_t i) {
  const int32_t begin = static_cast<int32_t>(int64_t{length} * i / pieces);
  return {begin, static_cast<int32_t>(int64_t{length} * (i + 1) / pieces) - begin};
}

uint64_t piece_key(int32_t edits, int32_t length, int32_t i, std::u32string_view piece) {
  uint64_t key = kPieceStream ^ static_cast<uint64_t>((edits * 100 + length) * 100 + i);
  for (const char32_t c : piece) key = mix64(key + 0x9e3779b97f4a7c15ULL + c);
  return key;
}

// Which pairs of neighbouring characters stand in a text, by 256 hashes. An edit changes at most four bits.
using PairBits = std::array<uint64_t, 4>;
PairBits pair_bits(std::u32string_view text) {
  PairBits bits{};
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    const uint64_t hash = mix64((static_cast<uint64_t>(text[i]) << 32 | text[i + 1]) + 1);
    bits[hash & 3] |= uint64_t{1} << (hash >> 58);
  }
  return bits;
}
bool may_be_near(const PairBits& a, const PairBits& b, int32_t edits) {
  int different = 0;
  for (size_t i = 0; i < a.size(); ++i) different += std::popcount(a[i] ^ b[i]);
  return different <= 4 * edits;
}

// Whether at most `most` edits part the texts. Only the diagonals within `most` of the main one can do so.
bool within_edits(std::u32string_view a, std::u32string_view b, int32_t most) {
  const auto n = static_cast<int32_t>(a.size()), m = static_cast<int32_t>(b.size());
  if (std::abs(n - m) > most) return false;
  const int32_t width = 2 * most + 1, far = most + 1;
  std::vector<int32_t> row(static_cast<size_t>(width) + 2, far), next(row);  // row[d + 1]: column i + d - most
  for (int32_t d = most; d < width; ++d) row[static_cast<size_t>(d) + 1] = d - most;
  for (int32_t i = 1; i <= n; ++i) {
    int32_t best = far;
    for (int32_t d = 0; d < width; ++d) {
      const int32_t j = i + d - most;
      const auto at = static_cast<size_t>(d) + 1;
      int32_t cost = far;
      if (j == 0) cost = i;
      if (j > 0 && j <= m) {
        const bool same = a[static_cast<size_t>(i) - 1] == b[static_cast<size_t>(j) - 1];
        cost = std::min({row[at] + (same ? 0 : 1), row[at + 1] + 1, next[at - 1] + 1});
      }
      next[at] = std::min(cost, far);
      best = std::min(best, next[at]);
    }
    if (best > most) return false;
    std::swap(row, next);
  }
  return row[static_cast<size_t>(m - n + most) + 1] <= most;
}

class ShortSearch {
 public:
  ShortSearch(const FoldedTexts& texts, NearLinks& links)
      : texts_(texts), links_(links), candidates_(texts.size(), kMostShortCandidates) {
    bits_.resize(static_cast<size_t>(texts.size()));
    for (int32_t text = 0; text < texts.size(); ++text) {
      if (texts.length(text) > kLongestPartner) continue;
      texts.read(text, one_);
      bits_[static_cast<size_t>(text)] = pair_bits(one_);
      if (texts.length(text) <= kLongestShort) index(text);
    }
    index_.seal();
  }

  void link(int32_t text) {
    const int32_t length = texts_.length(text), edits = edits_allowed(length);
    if (edits == 0 || length > kLongestPartner) return;
    texts_.read(text, one_);
    for (int32_t other = length - edits; other <= std::min(length, kLongestShort); ++other) gather(text, other, edits);
    candidates_.visit(text, [&](int32_t candidate) {
      if (!may_be_near(bits_[static_cast<size_t>(text)], bits_[static_cast<size_t>(candidate)], edits)) return;
      if (links_.settled(text, candidate)) return;
      texts_.read(candidate, other_);
      if (within_edits(other_, one_, edits)) links_.add(text, candidate);
    });
  }

 private:
  // Under each number of edits that a partner of its length or longer may ask for.
  void index(int32_t text) {
    const int32_t length = texts_.length(text);
    int32_t last = 0;
    for (int32_t longer = length; longer - edits_allowed(longer) <= length; ++longer) {
      const int32_t edits = edits_allowed(longer);
      if (edits == last) continue;
      last = edits;
      for (int32_t i = 0; i <= edits; ++i) {
        const Piece piece = piece_of(length, edits + 1, i);
        const auto characters =
            std::u32string_view(one_).substr(static_cast<size_t>(piece.begin), static_cast<size_t>(piece.length));
        index_.add(piece_key(edits, length, i, characters), text);
      }
    }
  }

  // The indexed texts of that length with a piece that stands in one_.
  void gather(int32_t text, int32_t other, int32_t edits) {
    const auto length = static_cast<int32_t>(one_.size()), longer_by = length - other;
    for (int32_t i = 0; i <= edits; ++i) {
      const Piece piece = piece_of(other, edits + 1, i);
      const int32_t left = i, right = edits - i;  // edits that may lie on either side of the piece
      const int32_t first = std::max({0, piece.begin - left, piece.begin + longer_by - right});
      const int32_t last = std::min({length - piece.length, piece.begin + left, piece.begin + longer_by + right});
      for (int32_t begin = first; begin <= last; ++begin) {
        const auto characters =
            std::u32string_view(one_).substr(static_cast<size_t>(begin), static_cast<size_t>(piece.length));
        std::span<const int32_t> found = index_.find(piece_key(edits, other, i, characters));
        // Of two texts of the same length the later one asks.
        if (longer_by == 0)
          found = found.first(static_cast<size_t>(std::lower_bound(found.begin(), found.end(), text) - found.begin()));
        candidates_.add(found);
      }
    }
  }

  const FoldedTexts& texts_;
  NearLinks& links_;
  TextIndex index_;
  Candidates candidates_;
  std::vector<PairBits> bits_;  // [texts]
  std::u32string one_, other_;
};

}  // namespace

bool near_by_edits(std::u32string_view a, std::u32string_view b) {
  return within_edits(a, b, edits_allowed(static_cast<int32_t>(std::max(a.size(), b.size()))));
}

void link_short_texts(const FoldedTexts& texts, NearLinks& links) {
  ShortSearch search(texts, links);
  for (int32_t text = 0; text < texts.size(); ++text) search.link(text);
}

}  // namespace attune::selection
