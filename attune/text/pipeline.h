// The stages in the reference's order: added tokens, normalizer, added tokens in normalised form, words, pieces.
#pragma once
#include <optional>

#include "attune/text/bert_words.h"
#include "attune/text/mark_words.h"
#include "attune/text/tokenizer.h"
#include "attune/text/tokenizer_files.h"

namespace attune::text {

class Pipeline final : public Tokenizer {
 public:
  explicit Pipeline(TokenizerParts parts);

  void encode(std::string_view text, std::vector<Piece>& out) const override;
  std::string_view token(int32_t id) const override;
  int32_t vocabulary_size() const override {
    return static_cast<int32_t>(parts_.model->tokens().size() + behind_model_.size());
  }
  const SpecialIds& special() const override { return parts_.special; }
  bool marks_spaces() const override { return parts_.pre_tokenizer && parts_.pre_tokenizer->marks_spaces(); }
  const std::vector<std::string>& ignored_settings() const override { return parts_.ignored_settings; }
  const std::vector<std::string>& files() const override { return parts_.files; }

 private:
  struct Scratch;
  int32_t encode_stretch(std::string_view bytes, int32_t origin, Scratch& scratch, std::vector<Piece>& out) const;
  void encode_plainly(AlignedText text, Scratch& scratch, std::vector<Piece>& out) const;
  void encode_words(AlignedText text, Scratch& scratch, std::vector<Piece>& out) const;
  std::string normalized(const std::string& text) const;

  TokenizerParts parts_;
  std::vector<std::string> behind_model_;  // added tokens whose ids follow the model's
  AddedTokens added_;                      // looked for in the text as given
  AddedTokens added_normalized_;           // looked for in the normalised text
  std::optional<BertWords> bert_words_;
  std::unique_ptr<MarkWords> mark_words_;  // at most one of the two is there
};

}  // namespace attune::text
