// Pre-tokenizers of tokenizer.json: they cut a normalised text into words, and a piece never crosses a word's edge.
#pragma once
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <vector>

#include "attune/text/aligned_text.h"

namespace attune::text {

// Words end to end: word i is chars[ends[i-1] .. ends[i]). Words are never empty.
struct Words {
  std::vector<AlignedChar> chars;
  std::vector<size_t> ends;

  // Ends the word that is being written; nothing happens if it is empty.
  void end_word() {
    if (chars.size() > (ends.empty() ? 0 : ends.back())) ends.push_back(chars.size());
  }
};

// A pre-tokenizer that is Metaspace, each word beginning with a mark, and perhaps a split at white space before it.
struct MarkRules {
  char32_t mark;
  bool drops_white_space;
};

class PreTokenizer {
 public:
  virtual ~PreTokenizer() = default;
  // Cuts each word of `in` further, into `out` (empty when called).
  virtual void apply(const Words& in, Words& out) const = 0;
  // True where spaces become part of the pieces (Metaspace).
  virtual bool marks_spaces() const { return false; }
  // True where words end at white space, and nowhere else, and it is dropped.
  virtual bool splits_at_white_space() const { return false; }
  // Set where this is all the pre-tokenizer does.
  virtual std::optional<MarkRules> mark_rules() const { return std::nullopt; }
};

// The pre-tokenizer that `object` describes, null for a null. Known types: BertPreTokenizer, WhitespaceSplit,
// Metaspace, Sequence. Errors (model): any other type, or a bad field.
std::unique_ptr<PreTokenizer> make_pre_tokenizer(const nlohmann::json& object);

}  // namespace attune::text
