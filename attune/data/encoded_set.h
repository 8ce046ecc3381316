// Encoded texts end to end in flat arrays, in memory or in scratch files (base/column.h): what batches are cut from.
#pragma once
#include <cstdint>
#include <span>

#include "attune/base/column.h"

namespace attune::data {

// Tagging: piece `position` of the sequence carries the tag of word `word` of the example. Where `words` is more than
// one, that many characters from `word` on share the piece: the others go on with what the first one is.
struct LabelPlace {
  int32_t position, word;
  int32_t words = 1;
};

// One sequence, as a view.
struct Encoded {
  std::span<const int32_t> ids;        // [T] with [CLS] and [SEP]
  std::span<const uint8_t> segments;   // [T] 0 for the first text, 1 for the second
  std::span<const LabelPlace> places;  // tagging: the words trained and predicted here, in order
  int32_t example;                     // row of the data set; windows of one sentence share it
};

// What encoding met and lost.
struct EncodeCounts {
  int64_t rows = 0, rows_truncated = 0;
  int64_t pieces = 0, pieces_lost = 0;  // without special pieces, before and by truncation (windows lose none)
  int64_t unknown = 0;                  // pieces that are the vocabulary's unknown one
  int64_t words = 0, words_lost = 0;    // tagging: words cut off (count as O)
  int64_t entity_words_lost = 0;        // of these, tagged other than O
  int64_t words_without_piece = 0;      // tagging: nothing of the word is left by the tokenizer (predicts O)
  int64_t sentences_in_windows = 0, windows = 0;
};

class EncodedSet {
 public:
  // In memory.
  EncodedSet() = default;
  // In scratch files in `folder` (see Column), to be read after seal(); in memory where it is empty.
  explicit EncodedSet(const std::filesystem::path& folder);

  int64_t size() const { return ends_.size(); }  // sequences
  int64_t examples() const { return lengths_.size(); }
  Encoded at(int64_t sequence) const;
  int32_t length(int64_t sequence) const { return static_cast<int32_t>(ends_[sequence].piece - begin(sequence).piece); }

  const EncodeCounts& counts() const { return counts_; }
  // By example: pieces with special ones before anything was cut.
  std::span<const int32_t> full_lengths() const { return lengths_.values(); }
  // By example: whether anything was cut off.
  bool truncated(int64_t example) const { return truncated_[example] != 0; }
  // Sequences [first_sequence(e), first_sequence(e + 1)) belong to example e.
  int64_t first_sequence(int64_t example) const { return example < examples() ? first_sequence_[example] : size(); }

  // Building, in order: begin_example, then for each of its sequences pieces, places and end_sequence;
  // seal() at the end.
  void begin_example(int32_t full_length, bool truncated);
  void add_piece(int32_t id, uint8_t segment) { ids_.push_back(id), segments_.push_back(segment); }
  void add_place(LabelPlace place) { places_.push_back(place); }
  int32_t open_length() const { return static_cast<int32_t>(ids_.size() - open_); }
  void end_sequence();
  EncodeCounts& counts() { return counts_; }
  void seal();
  // See ScratchFile.
  void let_go() const;
  void clear() { *this = EncodedSet(); }

 private:
  // Where a sequence ends and the next one begins: its pieces and its places.
  struct End {
    int64_t piece = 0, place = 0;
  };
  End begin(int64_t sequence) const { return sequence == 0 ? End{} : ends_[sequence - 1]; }

  Column<int32_t> ids_;
  Column<uint8_t> segments_;
  Column<LabelPlace> places_;
  Column<End> ends_;                // [sequences]
  Column<int32_t> example_;         // [sequences]
  Column<int32_t> lengths_;         // [examples]
  Column<uint8_t> truncated_;       // [examples]
  Column<int64_t> first_sequence_;  // [examples]
  int64_t open_ = 0;                // where the pieces of the sequence begin that is being added
  EncodeCounts counts_;
};

}  // namespace attune::data
