// BERT's normalizer, pre-tokenizer and WordPiece in one pass over the bytes, for texts without marks that would have to
// be put in order (all but a few rare scripts). The result equals the plain stages (bert_normalizer.cpp,
// pre_tokenizer.cpp, wordpiece.cpp); it is what makes tokenising fast.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "attune/text/ascii_run.h"
#include "attune/text/normalizer.h"
#include "attune/text/unicode.h"
#include "attune/text/word_in_hand.h"
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
    Part() = default;
    Part(Role role, char32_t c);
    // The first `size` bytes of the text; what follows them is of no meaning.
    Part(Role role, std::string_view text, size_t size);

    WordInHand::Bytes bytes{};
    uint8_t size = 0;
    Role role = Role::removed;
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
  int32_t id_alone(const Part& part) const;

  // The piece of a character that stands apart as it is; of those of three bytes in UTF-8, nothing for others.
  std::optional<int32_t> id_apart(char32_t c) const {
    if (c < kFirstOfThree || c >= kEndOfThree) return std::nullopt;
    int32_t entry = apart_[c - kFirstOfThree].load(std::memory_order_relaxed);
    if (entry == 0) entry = look_up_apart(c);
    return entry >= kFirstId ? std::optional(entry - kFirstId) : std::nullopt;
  }
  int32_t look_up_apart(char32_t c) const;

  static constexpr char32_t kFirstOfThree = 0x800, kEndOfThree = 0x10000;
  static constexpr int32_t kNotApart = 1, kFirstId = 2;  // entries of apart_

  BertOptions options_;
  const WordPiece& pieces_;
  Alphanumeric alphanumeric_;
  std::vector<Plan> plans_;  // by unicode::record_index
  std::vector<Part> parts_;
  std::array<Part, 128> ascii_{};
  std::array<int32_t, 128> ascii_id_{};  // of those that stand apart
  // kNotApart, or the id of the piece + kFirstId; 0 before it was looked up. Whoever looks finds the same.
  mutable std::vector<std::atomic<int32_t>> apart_;
};

}  // namespace attune::text
