// Okapi BM25: what search by the words in common gives, without any model.
//
//   score(q, d) = sum over words w of q  idf(w) tf (k1 + 1) / (tf + k1 (1 - b + b |d| / mean length)),
//   idf(w) = log(1 + (D - df + 0.5) / (df + 0.5));  k1 = 1.2, b = 0.75
//
// Robertson & Zaragoza 2009, "The Probabilistic Relevance Framework", section 3.4; idf and defaults are Lucene's (it
// leaves out the factor k1 + 1, which changes no order). Words as ngram_hashes has them: lower-cased, Chinese by
// characters; a word that stands twice in the query counts twice.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace attune::baselines {

class Bm25 {
 public:
  // Adds a document; its number is how many stood there before.
  void add(std::string_view document);
  int64_t documents() const { return static_cast<int64_t>(lengths_.size()); }
  // Of the query with every document: scores [documents].
  void score(std::string_view query, std::span<float> scores) const;

 private:
  struct Posting {
    int32_t document;
    int32_t count;
  };
  std::unordered_map<uint64_t, std::vector<Posting>> postings_;  // by word
  std::vector<int32_t> lengths_;                                 // words of each document
  int64_t words_ = 0;
};

}  // namespace attune::baselines
