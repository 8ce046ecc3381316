// Normalizer, Metaspace and model in one pass over the bytes, for texts whose characters are normalised each by itself
// (local_forms.h). The result equals the plain stages; it is what makes tokenising with Unigram models fast.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attune/text/local_forms.h"
#include "attune/text/model.h"
#include "attune/text/pre_tokenizer.h"

namespace attune::text {

class MarkWords {
 public:
  // Null where the pre-tokenizer is not one that this can do. `normalizer` may be null; all outlive the result.
  static std::unique_ptr<MarkWords> make(const Normalizer* normalizer, const PreTokenizer* pre_tokenizer,
                                         const Model& model);

  MarkWords(const Normalizer* normalizer, const MarkRules& rules, const Model& model);

  // Appends the pieces of `bytes`, whose first code point has number `origin`. Returns the number of the code point
  // behind the last one, or nothing (and appends nothing) where the plain stages are needed.
  std::optional<int32_t> append(std::string_view bytes, int32_t origin, std::vector<Piece>& out) const;

 private:
  class Scan;

  std::string mark_;  // UTF-8
  WordInHand::Bytes mark_bytes_{};
  const Model& model_;
  LocalForms forms_;
  bool drops_spaces_;          // a space ends a word and is gone; else it is the mark of the next word
  bool merges_spaces_;         // of spaces in a row the last one stays
  bool printed_stays_ = true;  // every printed ASCII character stays what it is
};

}  // namespace attune::text
