// BERT's normalizer, pre-tokenizer and WordPiece in one pass over the bytes, for texts without marks that would have to
// be put in order (all but a few rare scripts). The result equals the plain stages (bert_normalizer.cpp,
// pre_tokenizer.cpp, wordpiece.cpp); it is what makes tokenising fast.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "attune/text/ascii_run.h"
#include "attune/text/normalizer.h"
#include "attune/text/unicode.h"
#include "attune/text/wordpiece.h"

namespace attune::text {

class BertWords {
 public:
  BertWords(const BertOptions& options, const WordPiece& pieces);

  // Appends the pieces of `bytes`, whose first code point has number `origin`. Returns the number of the code point
  // behind the last one, or nothing (and appends nothing) where the plain stages are needed.
  std::optional<int32_t> append(std::string_view bytes, int32_t origin, std::vector<Piece>& out) const;

 private:
  // What becomes of a character.
  enum class Role : uint8_t { word, space, apart, removed, rewritten, hangul, unordered };
  struct Part {  // one character of a rewriting
    Role role;
    uint8_t size;
    char bytes[4];
  };
  struct Plan {  // of a record of unicode.h
    Role role = Role::word;
    uint8_t parts = 0;
    uint32_t first_part = 0;
  };
  class Scan;

  Plan plan_of(const unicode::Record& record);
  Part part_of(char32_t c) const;
  Role role_of(char32_t c) const;
  void plan_ascii();
  // The piece of a word of one character.
  int32_t id_alone(std::string_view character) const;

  BertOptions options_;
  const WordPiece& pieces_;
  Alphanumeric alphanumeric_;
  std::vector<Plan> plans_;  // by unicode::record_index
  std::vector<Part> parts_;
  std::array<Role, 128> ascii_role_{};
  std::array<char, 128> ascii_byte_{};
  std::array<int32_t, 128> ascii_id_{};  // of those that stand apart
};

}  // namespace attune::text
