// From examples to pieces:  [CLS] text [SEP]  or  [CLS] text [SEP] pair [SEP]  with segment ids 0 and 1. Models whose
// tokenizer marks spaces (XLM-R and its kin) have two [SEP] between the texts and one segment, as their reference has.
// For an embedding task every text of a row is a sequence of its own.
#pragma once
#include <span>
#include <string>

#include "attune/base/options.h"
#include "attune/data/encoded_set.h"
#include "attune/data/examples.h"
#include "attune/data/truncation.h"
#include "attune/data/word_pieces.h"
#include "attune/text/tokenizer.h"

namespace attune::data {

inline constexpr int kShortestSequence = 8;  // three special pieces and a little text

struct EncodeOptions {
  int max_length = 128;           // pieces, special ones included
  std::string truncate = "auto";  // see parse_truncation
  // Embedding: stands before the first text of a row, before its others.
  std::string query_prefix = {}, passage_prefix = {};
  int window_overlap = -1;  // tagging with stride: pieces that neighbouring windows share; -1: half a window

  void visit(OptionList& list);
};

class Encoder {
 public:
  // The tokenizer outlives the encoder. Errors: usage (max_length below kShortestSequence, bad truncation), model (the
  // vocabulary has no [CLS] or [SEP]).
  Encoder(const text::Tokenizer& tokenizer, TargetKind target, const EncodeOptions& options);

  // Appends one example: one sequence; for a long sentence to be tagged one for each window; for an embedding task one
  // for each text. Not to be called from several threads at once.
  void append(const Example& example, EncodedSet& set);

 private:
  void append_text(const Example& example, EncodedSet& set);
  void append_texts(const Example& example, EncodedSet& set);
  void append_sentence(const Example& example, EncodedSet& set);
  void append_windows(const SentencePieces& sentence, EncodedSet& set);
  void append_cut(const Example& example, const SentencePieces& sentence, EncodedSet& set);
  void add_kept(std::span<const text::Piece> pieces, int32_t room, uint8_t segment, EncodedSet& set);
  void limit_words(SentencePieces& sentence, int32_t room, EncodedSet& set) const;

  const text::Tokenizer& tokenizer_;
  bool tagging_, embedding_;
  std::string query_prefix_, passage_prefix_;
  int32_t max_length_, overlap_, separators_;
  uint8_t second_segment_;
  Truncation truncation_;
  text::SpecialIds special_;
  WordEncoder words_;
  SentencePieces sentence_;
  std::vector<text::Piece> first_, second_;
};

// All of them; in scratch files beside the examples' own.
EncodedSet encode_all(const Examples& examples, const text::Tokenizer& tokenizer, TargetKind target,
                      const EncodeOptions& options);

}  // namespace attune::data
