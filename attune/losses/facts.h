// What a loss may know of the training data before the first step. It is kept with the model, so that the loss can be
// made again.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace attune::losses {

// What the rows of an embedding task say of their texts.
enum class TextRows {
  none,      // the task has no such rows
  pairs,     // an anchor, a text that belongs to it, perhaps texts that do not (negatives)
  scored,    // two texts and how alike they are
  labelled,  // one text and its class
};

// What a loss reads of a teacher.
enum class Teacher {
  nothing,
  answers,  // its logits
  hidden,   // what its last layer reads
};

struct LossFacts {
  int64_t labels = 1;                    // K; 1 for a score
  std::vector<double> counts = {};       // [K] training items that have the label (tagging: words); empty: not known
  double items = 0;                      // training items in all, N; 0: not known
  bool sequences = false;                // items are words of sentences (tagging)
  std::vector<std::string> names = {};   // [K] of the labels; empty: not known
  TextRows texts = TextRows::none;       // an embedding task: what its rows are
  bool negatives = false;                // pairs: rows have texts that do not belong to the anchor
  double score_low = 0, score_high = 0;  // scored: the range of the training rows' scores
};

}  // namespace attune::losses
