// One labelled text as a file gave it, before any label is numbered and any text is tokenised.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace attune::data {

// What a row's target is. Tasks map onto it: classify -> label, multilabel -> labels, regress -> score, tag -> tags,
// embed -> texts (what the rows hold is seen from their columns: TextShape).
enum class TargetKind { label, labels, score, tags, texts };

// What rows of an embedding task are.
enum class TextShape {
  none,      // single texts
  pairs,     // a text, one that belongs to it, perhaps some that do not
  scored,    // two texts and a score
  labelled,  // a text and a label
};

const char* name(TextShape shape);  // "pairs of texts with a score"

// Where something came from: the file's position in Dataset::files and the line (1-based) on which it begins.
struct Origin {
  int32_t file = 0;
  int64_t line = 0;
};

// A word's place in Example::text, in code points: [begin, end).
struct WordSpan {
  int32_t begin = 0, end = 0;
};

struct Example {
  std::string text;       // for tagging: the sentence the words stand in (joined where only words were given)
  std::string text_pair;  // second text of a pair
  bool has_pair = false;
  std::vector<std::string> negatives;  // embedding: texts that do not belong to the first
  std::vector<std::string> words;      // tagging: the words; labels[i] is the tag of words[i]
  std::vector<WordSpan> word_spans;    // tagging: words[i]'s place in text
  std::vector<std::string> labels;     // one (single label), any number (multi-label), one a word (tagging)
  double score = 0;                    // regression, scored pairs
  bool has_target = false;             // false for unlabelled rows (prediction)
  double weight = 1;
  std::string id;  // a row's own id, if a column gives one
  Origin origin;
  bool line_a_word = false;  // tagging from columns: words[i] stands on line origin.line + i

  Origin word_origin(size_t word) const {
    return {origin.file, origin.line + (line_a_word ? static_cast<int64_t>(word) : 0)};
  }
};

// What reading tags found and changed.
struct TagCounts {
  int64_t sentences = 0, words = 0;
  int64_t converted = 0;  // tags rewritten because the file's scheme is not IOB2
  int64_t repaired = 0;   // I- tags that continued nothing and became B-
};

}  // namespace attune::data
