// Encoded texts end to end in flat arrays: what batches are cut from.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

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
  int64_t size() const { return static_cast<int64_t>(example_.size()); }  // sequences
  int64_t examples() const { return static_cast<int64_t>(lengths_.size()); }
  Encoded at(int64_t sequence) const;
  int32_t length(int64_t sequence) const {
    return static_cast<int32_t>(offsets_[static_cast<size_t>(sequence) + 1] - offsets_[static_cast<size_t>(sequence)]);
  }

  const EncodeCounts& counts() const { return counts_; }
  // By example: pieces with special ones before anything was cut.
  std::span<const int32_t> full_lengths() const { return lengths_; }
  // By example: whether anything was cut off.
  bool truncated(int64_t example) const { return truncated_[static_cast<size_t>(example)] != 0; }
  // Sequences [first_sequence(e), first_sequence(e + 1)) belong to example e.
  int64_t first_sequence(int64_t example) const { return first_sequence_[static_cast<size_t>(example)]; }

  // Building, in order: begin_example, then for each of its sequences pieces, places and end_sequence.
  void begin_example(int32_t full_length, bool truncated);
  void add_piece(int32_t id, uint8_t segment) { ids_.push_back(id), segments_.push_back(segment); }
  void add_place(LabelPlace place) { places_.push_back(place); }
  int32_t open_length() const { return static_cast<int32_t>(static_cast<int64_t>(ids_.size()) - offsets_.back()); }
  void end_sequence();
  EncodeCounts& counts() { return counts_; }
  void clear() { *this = EncodedSet(); }

 private:
  std::vector<int32_t> ids_;
  std::vector<uint8_t> segments_;
  std::vector<int64_t> offsets_{0};  // [sequences + 1]
  std::vector<int32_t> example_;     // [sequences]
  std::vector<LabelPlace> places_;
  std::vector<int64_t> place_offsets_{0};   // [sequences + 1]
  std::vector<int32_t> lengths_;            // [examples]
  std::vector<uint8_t> truncated_;          // [examples]
  std::vector<int64_t> first_sequence_{0};  // [examples + 1]
  EncodeCounts counts_;
};

}  // namespace attune::data
