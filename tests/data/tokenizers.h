// Small tokenizers for tests, written without attune's text room.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "attune/base/utf8.h"
#include "attune/text/tokenizer.h"

namespace attune::data {

// What the two below share: a vocabulary, special pieces first.
class TestTokenizer : public text::Tokenizer {
 public:
  explicit TestTokenizer(std::vector<std::string> pieces) {
    tokens_ = {"[PAD]", "[UNK]", "[CLS]", "[SEP]"};
    tokens_.insert(tokens_.end(), pieces.begin(), pieces.end());
    for (size_t i = 0; i < tokens_.size(); ++i) ids_.emplace(tokens_[i], static_cast<int32_t>(i));
    special_ = {.cls = 2, .sep = 3, .pad = 0, .unk = 1, .mask = -1};
  }
  std::string_view token(int32_t id) const override { return tokens_.at(static_cast<size_t>(id)); }
  int32_t vocabulary_size() const override { return static_cast<int32_t>(tokens_.size()); }
  const text::SpecialIds& special() const override { return special_; }
  const std::vector<std::string>& ignored_settings() const override { return none_; }
  const std::vector<std::string>& files() const override { return none_; }
  text::SpecialIds special_;

 protected:
  int32_t id(const std::string& piece) const {
    const auto found = ids_.find(piece);
    return found == ids_.end() ? -1 : found->second;
  }
  static std::vector<std::string> code_points(std::string_view text) {
    std::vector<std::string> all;
    for (size_t at = 0; at < text.size();) {
      const auto bytes = static_cast<size_t>(utf8::decode(text, at).bytes);
      all.emplace_back(text.substr(at, bytes));
      at += bytes;
    }
    return all;
  }
  // Greedy, longest piece first, over characters with one place each; unknown characters are [UNK].
  void greedy(const std::vector<std::string>& characters, const std::vector<int32_t>& places, const std::string& prefix,
              std::vector<text::Piece>& out) const {
    for (size_t at = 0; at < characters.size();) {
      size_t end = characters.size();
      int32_t found = -1;
      for (; end > at; --end) {
        std::string piece = at > 0 ? prefix : "";
        for (size_t i = at; i < end; ++i) piece += characters[i];
        if ((found = id(piece)) >= 0) break;
      }
      if (found < 0) found = 1, end = at + 1;
      out.push_back({found, places[at], places[end - 1] + 1});
      at = end;
    }
  }

 private:
  std::vector<std::string> tokens_, none_;
  std::map<std::string, int32_t> ids_;
};

// Splits at spaces; pieces inside a word begin with ##.
class WordTokenizer : public TestTokenizer {
 public:
  using TestTokenizer::TestTokenizer;
  bool marks_spaces() const override { return false; }
  void encode(std::string_view text, std::vector<text::Piece>& out) const override {
    const auto all = code_points(text);
    for (size_t at = 0; at < all.size();) {
      if (all[at] == " ") {
        ++at;
        continue;
      }
      std::vector<std::string> word;
      std::vector<int32_t> places;
      for (; at < all.size() && all[at] != " "; ++at)
        word.push_back(all[at]), places.push_back(static_cast<int32_t>(at));
      greedy(word, places, "##", out);
    }
  }
};

// As Metaspace does: every space, and one put before the text, is U+2581 and part of the piece after it.
class SpaceTokenizer : public TestTokenizer {
 public:
  using TestTokenizer::TestTokenizer;
  bool marks_spaces() const override { return true; }
  void encode(std::string_view text, std::vector<text::Piece>& out) const override {
    if (text.empty()) return;
    std::vector<std::string> characters{"\xE2\x96\x81"};
    std::vector<int32_t> places{0};
    for (const auto& each : code_points(text)) {
      places.push_back(static_cast<int32_t>(characters.size()) - 1);
      characters.push_back(each == " " ? "\xE2\x96\x81" : each);
    }
    greedy(characters, places, "", out);
  }
};

}  // namespace attune::data
