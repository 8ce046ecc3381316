// Normalizers of tokenizer.json: rewritings of a text before it is cut into words.
#pragma once
#include <memory>
#include <nlohmann/json_fwd.hpp>

#include "attune/text/aligned_text.h"

namespace attune::text {

class Normalizer {
 public:
  virtual ~Normalizer() = default;
  virtual void apply(AlignedText& text) const = 0;

  // True only if in a text of characters for which it is true `c` becomes the same text wherever it stands, or nothing
  // at all, and all of that text comes from `c`. A space may merge with spaces beside it where merges_spaces() says so.
  virtual bool is_local(char32_t /*c*/) const { return false; }
  // True if of spaces (U+0020) in a row the last one stays, and no other space does.
  virtual bool merges_spaces() const { return false; }
};

// BertNormalizer: removes controls, sets Chinese characters apart by spaces, strips accents, lower-cases.
struct BertOptions {
  bool clean_text = true;
  bool handle_chinese_chars = true;
  bool strip_accents = true;  // what a null in tokenizer.json means (as lower-case says) is resolved on reading
  bool lowercase = true;
};
std::unique_ptr<Normalizer> make_bert_normalizer(const BertOptions& options);
BertOptions read_bert_options(const nlohmann::json& object);

// The normalizer that `object` describes, null for a null. Known types: BertNormalizer, NFC, NFD, NFKC, NFKD,
// Lowercase, Strip, StripAccents, Replace, Prepend, Precompiled, Sequence. Errors (model): any other type, or a bad
// field.
std::unique_ptr<Normalizer> make_normalizer(const nlohmann::json& object);

}  // namespace attune::text
