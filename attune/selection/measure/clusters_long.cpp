#include "attune/selection/measure/clusters_long.h"

#include <array>

#include "attune/base/rng.h"
#include "attune/selection/measure/clusters_short.h"

namespace attune::selection {
namespace {

constexpr size_t kGram = 4;
constexpr size_t kBands = 16, kBandHashes = 6, kHashes = kBands * kBandHashes;
constexpr int64_t kMostLongCandidates = 1000;
// Of 96 minimal hashes of a near pair 76.8 agree on average, with a deviation of 3.9.
constexpr int kFewestAgreeing = 60;
constexpr uint64_t kMinHashStream = 0x6d696e68617368;  // "minhash"

// Hashes of a text's 4-grams, each once, ascending.
std::vector<uint64_t> grams_of(std::u32string_view text) {
  std::vector<uint64_t> grams;
  for (size_t i = 0; i + kGram <= text.size(); ++i) {
    uint64_t gram = 0;
    for (size_t j = 0; j < kGram; ++j) gram = mix64(gram + 0x9e3779b97f4a7c15ULL + text[i + j]);
    grams.push_back(gram);
  }
  std::sort(grams.begin(), grams.end());
  grams.erase(std::unique(grams.begin(), grams.end()), grams.end());
  return grams;
}

// |a and b| / |a or b| >= 0.8, in whole numbers.
bool mostly_common(const std::vector<uint64_t>& a, const std::vector<uint64_t>& b) {
  size_t common = 0;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (a[i] == b[j]) ++common;
    const bool first = a[i] <= b[j], second = b[j] <= a[i];
    i += first, j += second;
  }
  return 5 * common >= 4 * (a.size() + b.size() - common);
}

using MinHashes = std::array<uint32_t, kHashes>;

// h_i(x) = a_i x + b_i mod 2^32 of a gram's hash, a_i odd.
class MinHasher {
 public:
  MinHasher() {
    for (size_t i = 0; i < kHashes; ++i) {
      const uint64_t drawn = mix_key(kMinHashStream, i);
      factors_[i] = static_cast<uint32_t>(drawn) | 1U;
      shifts_[i] = static_cast<uint32_t>(drawn >> 32);
    }
  }
  MinHashes hashes(const std::vector<uint64_t>& grams) const {
    MinHashes smallest;
    smallest.fill(0xFFFFFFFFU);
    for (const uint64_t gram : grams) {
      const auto x = static_cast<uint32_t>(gram >> 32);
      for (size_t i = 0; i < kHashes; ++i) smallest[i] = std::min(smallest[i], x * factors_[i] + shifts_[i]);
    }
    return smallest;
  }

 private:
  std::array<uint32_t, kHashes> factors_, shifts_;
};

class LongSearch {
 public:
  LongSearch(const FoldedTexts& texts, NearLinks& links)
      : texts_(texts), links_(links), candidates_(texts.size(), kMostLongCandidates) {
    place_.assign(static_cast<size_t>(texts.size()), -1);
    const MinHasher hasher;
    for (int32_t text = 0; text < texts.size(); ++text) {
      if (texts.length(text) <= kLongestShort) continue;
      place_[static_cast<size_t>(text)] = static_cast<int32_t>(traces_.size());
      const MinHashes hashes = hasher.hashes(grams_of(read(text)));
      Trace trace;
      for (size_t i = 0; i < kHashes; ++i) trace.bytes[i] = static_cast<uint8_t>((hashes[i] >> 24) ^ hashes[i]);
      for (size_t b = 0; b < kBands; ++b) {
        uint64_t key = mix64(b + 1);
        for (size_t i = b * kBandHashes; i < (b + 1) * kBandHashes; ++i) key = mix_key(key, hashes[i]);
        trace.bands[b] = static_cast<uint32_t>(key);
        index_.add(band_key(b, trace.bands[b]), text);
      }
      traces_.push_back(trace);
    }
    index_.seal();
  }

  void link(int32_t text) {
    if (place_[static_cast<size_t>(text)] < 0) return;
    const Trace& trace = trace_of(text);
    for (size_t b = 0; b < kBands; ++b) {
      const std::span<const int32_t> found = index_.find(band_key(b, trace.bands[b]));
      candidates_.add(
          found.first(static_cast<size_t>(std::lower_bound(found.begin(), found.end(), text) - found.begin())));
    }
    std::vector<uint64_t> grams;
    candidates_.visit(text, [&](int32_t candidate) {
      const Trace& other = trace_of(candidate);
      int agreeing = 0;
      for (size_t i = 0; i < kHashes; ++i) agreeing += trace.bytes[i] == other.bytes[i];
      if (agreeing < kFewestAgreeing || links_.settled(text, candidate)) return;
      if (grams.empty()) grams = grams_of(read(text));
      if (mostly_common(grams, grams_of(read(candidate)))) links_.add(text, candidate);
    });
  }

 private:
  // What is kept of a text's hashes.
  struct Trace {
    std::array<uint32_t, kBands> bands;
    std::array<uint8_t, kHashes> bytes;
  };
  static uint64_t band_key(size_t band, uint32_t hash) { return mix_key(band, hash); }
  const Trace& trace_of(int32_t text) const { return traces_[static_cast<size_t>(place_[static_cast<size_t>(text)])]; }
  const std::u32string& read(int32_t text) {
    texts_.read(text, one_);
    return one_;
  }

  const FoldedTexts& texts_;
  NearLinks& links_;
  TextIndex index_;
  Candidates candidates_;
  std::vector<int32_t> place_;  // [texts] in traces_; -1: a short text
  std::vector<Trace> traces_;
  std::u32string one_;
};

}  // namespace

bool near_by_grams(std::u32string_view a, std::u32string_view b) {
  return mostly_common(grams_of(a), grams_of(b));
}

void link_long_texts(const FoldedTexts& texts, NearLinks& links) {
  LongSearch search(texts, links);
  for (int32_t text = 0; text < texts.size(); ++text) search.link(text);
}

}  // namespace attune::selection
