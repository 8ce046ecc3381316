#include "attune/baselines/hashed_ngrams.h"

#include <algorithm>
#include <cmath>

#include "attune/base/rng.h"
#include "attune/base/utf8.h"
#include "attune/text/unicode.h"

namespace attune::baselines {
namespace {

constexpr uint64_t kTextField = 1, kPairField = 2;

std::vector<uint64_t> row_hashes(const TextPair& row) {
  std::vector<uint64_t> hashes = ngram_hashes(row.text, kTextField);
  if (!row.pair.empty()) {
    const std::vector<uint64_t> second = ngram_hashes(row.pair, kPairField);
    hashes.insert(hashes.end(), second.begin(), second.end());
  }
  std::sort(hashes.begin(), hashes.end());
  return hashes;
}

struct Counted {
  uint64_t hash = 0;
  int64_t texts = 0;
};

std::vector<Counted> document_counts(std::span<const TextPair> texts) {
  std::vector<uint64_t> all;
  for (const TextPair& row : texts) {
    std::vector<uint64_t> hashes = row_hashes(row);
    hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
    all.insert(all.end(), hashes.begin(), hashes.end());
  }
  std::sort(all.begin(), all.end());
  std::vector<Counted> counted;
  for (const uint64_t hash : all) {
    if (counted.empty() || counted.back().hash != hash) counted.push_back({hash, 0});
    ++counted.back().texts;
  }
  return counted;
}

}  // namespace

std::vector<uint64_t> word_hashes(std::string_view text, uint64_t field) {
  using text::unicode::Record;
  std::vector<uint64_t> words;
  bool inside = false;
  const auto add = [&](char32_t c, const Record& record) {
    uint64_t& word = words.back();
    if (!record.lower) {
      word = mix_key(word, c);
      return;
    }
    for (const char32_t l : text::unicode::text_of(record.lower)) word = mix_key(word, l);
  };
  for (size_t at = 0; at < text.size();) {
    const utf8::Decoded decoded = utf8::decode(text, at);
    at += static_cast<size_t>(decoded.bytes);
    const Record& record = text::unicode::record(decoded.code_point);
    const bool han = record.flags & text::unicode::kHan;
    const bool word = record.flags & text::unicode::kWord;
    if (word && (han || !inside)) words.push_back(field);
    if (word) add(decoded.code_point, record);
    inside = word && !han;
  }
  return words;
}

std::vector<uint64_t> ngram_hashes(std::string_view text, uint64_t field) {
  std::vector<uint64_t> hashes = word_hashes(text, field);
  const size_t words = hashes.size();
  for (size_t i = 1; i < words; ++i) hashes.push_back(mix_key(hashes[i - 1], hashes[i]));
  return hashes;
}

HashedNgrams::HashedNgrams(std::span<const TextPair> texts, int64_t most_columns) {
  std::vector<Counted> counted = document_counts(texts);
  if (static_cast<int64_t>(counted.size()) > most_columns) {
    const auto commoner = [](const Counted& a, const Counted& b) {
      return a.texts != b.texts ? a.texts > b.texts : a.hash < b.hash;
    };
    std::nth_element(counted.begin(), counted.begin() + most_columns, counted.end(), commoner);
    counted.resize(static_cast<size_t>(most_columns));
    std::sort(counted.begin(), counted.end(), [](const Counted& a, const Counted& b) { return a.hash < b.hash; });
  }
  const auto n = static_cast<double>(texts.size());
  for (const Counted& ngram : counted) {
    hashes_.push_back(ngram.hash);
    idf_.push_back(static_cast<float>(std::log((1 + n) / (1 + static_cast<double>(ngram.texts))) + 1));
  }
}

SparseFeatures HashedNgrams::features(std::span<const TextPair> texts, int threads) const {
  std::vector<int64_t> offsets{0};
  std::vector<SparseEntry> entries;
  for (const TextPair& row : texts) {
    const std::vector<uint64_t> hashes = row_hashes(row);
    const size_t first = entries.size();
    double squares = 0;
    for (size_t i = 0; i < hashes.size();) {
      size_t end = i;
      while (end < hashes.size() && hashes[end] == hashes[i]) ++end;
      const auto found = std::lower_bound(hashes_.begin(), hashes_.end(), hashes[i]);
      if (found != hashes_.end() && *found == hashes[i]) {
        const auto column = static_cast<size_t>(found - hashes_.begin());
        const double value = (1 + std::log(static_cast<double>(end - i))) * static_cast<double>(idf_[column]);
        entries.push_back({static_cast<int32_t>(column), static_cast<float>(value)});
        squares += value * value;
      }
      i = end;
    }
    const double scale = squares > 0 ? 1 / std::sqrt(squares) : 0;
    for (size_t e = first; e < entries.size(); ++e)
      entries[e].value = static_cast<float>(static_cast<double>(entries[e].value) * scale);
    offsets.push_back(static_cast<int64_t>(entries.size()));
  }
  return SparseFeatures(std::move(offsets), std::move(entries), columns(), threads);
}

}  // namespace attune::baselines
