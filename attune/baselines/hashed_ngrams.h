// A text as its words and pairs of neighbouring words, known by 64-bit hashes: the classic features to beat.
//
// Words are runs of word characters, lower-cased; a Chinese character is a word of its own. An n-gram's value is
//   (1 + ln tf) (ln((1 + N) / (1 + df)) + 1),   each row scaled to length 1
// (the common "sublinear tf-idf"; Salton & Buckley 1988). The two texts of a pair have n-grams of their own.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attune/baselines/sparse_features.h"

namespace attune::baselines {

struct TextPair {
  std::string_view text;
  std::string_view pair = {};  // empty where there is none
};

// The hashes of a text's words, in reading order: lower-cased, Chinese by characters.
std::vector<uint64_t> word_hashes(std::string_view text, uint64_t field);
// The hashes of a text's words and word pairs, in reading order. `field` keeps the texts of a pair apart.
std::vector<uint64_t> ngram_hashes(std::string_view text, uint64_t field);

class HashedNgrams {
 public:
  // Learns which n-grams there are, and how rare each is, from training texts. Where there are more than
  // `most_columns`, those in the most texts stay.
  HashedNgrams(std::span<const TextPair> texts, int64_t most_columns);

  int64_t columns() const { return static_cast<int64_t>(hashes_.size()); }
  // N-grams that were not learnt are left out.
  SparseFeatures features(std::span<const TextPair> texts, int threads) const;

 private:
  std::vector<uint64_t> hashes_;  // ascending; a column is a place in this list
  std::vector<float> idf_;
};

}  // namespace attune::baselines
