#include "attune/baselines/bm25.h"

#include <algorithm>
#include <cmath>

#include "attune/baselines/hashed_ngrams.h"

namespace attune::baselines {
namespace {

constexpr double kK1 = 1.2, kB = 0.75;

}  // namespace

void Bm25::add(std::string_view document) {
  const auto number = static_cast<int32_t>(lengths_.size());
  const std::vector<uint64_t> words = word_hashes(document, 0);
  for (const uint64_t word : words) {
    auto& list = postings_[word];
    if (list.empty() || list.back().document != number) list.push_back({number, 0});
    ++list.back().count;
  }
  lengths_.push_back(static_cast<int32_t>(words.size()));
  words_ += std::ssize(words);
}

void Bm25::score(std::string_view query, std::span<float> scores) const {
  std::vector<double> sums(scores.size());
  const auto count = static_cast<double>(lengths_.size());
  const double mean = std::max(1.0, static_cast<double>(words_) / std::max(1.0, count));
  for (const uint64_t word : word_hashes(query, 0)) {
    const auto found = postings_.find(word);
    if (found == postings_.end()) continue;
    const auto in = static_cast<double>(found->second.size());
    const double idf = std::log(1 + (count - in + 0.5) / (in + 0.5));
    for (const auto& [document, times] : found->second) {
      const auto tf = static_cast<double>(times);
      const double length = static_cast<double>(lengths_[static_cast<size_t>(document)]) / mean;
      sums[static_cast<size_t>(document)] += idf * tf * (kK1 + 1) / (tf + kK1 * (1 - kB + kB * length));
    }
  }
  std::transform(sums.begin(), sums.end(), scores.begin(), [](double sum) { return static_cast<float>(sum); });
}

}  // namespace attune::baselines
