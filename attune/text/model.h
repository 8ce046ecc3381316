// What cuts one word into pieces of the vocabulary.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "attune/text/tokenizer.h"

namespace attune::text {

class Model {
 public:
  explicit Model(std::vector<std::string> tokens) : tokens_(std::move(tokens)) {}
  virtual ~Model() = default;

  // Appends the pieces of `word` (valid UTF-8 of `characters` code points, not empty) to `out`, their begin and end
  // as bytes of the word.
  virtual void append(std::string_view word, size_t characters, std::vector<Piece>& out) const = 0;
  // The id of the unknown piece, or -1.
  virtual int32_t unknown() const = 0;

  // The vocabulary by id; ids that no piece has are empty.
  const std::vector<std::string>& tokens() const { return tokens_; }

 private:
  std::vector<std::string> tokens_;
};

}  // namespace attune::text
