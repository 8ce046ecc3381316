// The vocabulary of a tokenizer.json, read straight from its bytes: it is nearly all of the file, and a general JSON
// document of it takes many times longer than the tables that are made from it.
#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace attune::text {

// Not copied: pieces are views of what it holds itself.
struct ScannedVocabulary {
  ScannedVocabulary() = default;
  ScannedVocabulary(ScannedVocabulary&&) = default;
  ScannedVocabulary& operator=(ScannedVocabulary&&) = default;

  std::vector<std::string_view> pieces;  // by id; views of the document or of `unescaped`
  std::vector<double> scores;            // by id, as the reference reads them; empty for an object of ids
  std::string rest;                      // the document with an empty vocabulary instead
  std::deque<std::string> unescaped;     // pieces that the document spells with escapes
};

// Reads model.vocab where it is {"piece": id, ...} or [["piece", score], ...]. Nothing where the document has no such
// member or departs in any way from what a correct file holds (bad UTF-8, a key or an id twice, an id that is missing,
// a number in an unusual form, ...): then the general reader has to read it all, and to say what is wrong. `rest` is
// valid JSON if and only if the document is. The document outlives the result.
std::optional<ScannedVocabulary> scan_vocabulary(std::string_view document);

}  // namespace attune::text
