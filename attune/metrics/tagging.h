// Metrics of tagging: entities as conlleval and as strict IOB2 count them, and every word's label, O included.
// Counts accumulate sentence by sentence; a sentence leaves a few dozen bytes, which the bootstrap resamples.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "attune/metrics/class_counts.h"
#include "attune/metrics/confusion.h"
#include "attune/metrics/entities.h"
#include "attune/metrics/row_records.h"
#include "attune/metrics/statistics.h"

namespace attune::metrics {

// One wrongly labelled word.
struct WordMistake {
  int64_t row = 0;
  int32_t word = 0;
  int32_t gold = 0, predicted = 0;
  float probability = 0;  // of the predicted label
};

class TaggingMeter {
 public:
  TaggingMeter(std::vector<std::string> labels, int64_t sentences, size_t most_mistakes = 50);

  // gold [words] label ids; predicted [words] label ids, -1 for a word that was cut off: it counts as O (as a wrong
  // label of no name where the label set has no O). probabilities: of the predicted labels, or empty.
  // Errors (internal): sizes differ, an id is out of range, the sentence was given before.
  void add(int64_t row, std::span<const int32_t> gold, std::span<const int32_t> predicted,
           std::span<const float> probabilities = {});

  // One slot's counts in one sentence. Slots: [0, L) word labels, then T entity types, then T types read strictly.
  struct SlotCount {
    int32_t slot = 0;
    int32_t correct = 0, predicted = 0, gold = 0;
  };
  using Sentence = std::vector<SlotCount>;

  const TagScheme& scheme() const { return scheme_; }
  const std::vector<std::string>& labels() const { return labels_; }
  // By row. Errors (internal): a sentence is missing.
  const std::vector<Sentence>& sentences() const { return sentences_.all(); }
  std::vector<ConfusionCell> confusion() const { return confusion_.cells(); }
  // The most confident wrong words, most confident first (ties: by row, then word).
  const std::vector<WordMistake>& mistakes() const { return mistakes_; }
  int64_t words() const { return words_; }
  int64_t cut_off_words() const { return cut_off_; }

 private:
  void note_mistake(const WordMistake& mistake);
  std::vector<std::string> labels_;
  TagScheme scheme_;
  RowRecords<Sentence> sentences_;
  Confusion confusion_;
  size_t most_mistakes_;
  std::vector<WordMistake> mistakes_;
  int64_t words_ = 0, cut_off_ = 0;
};

// entity_f1, entity_precision, entity_recall, entity_macro_f1, entity_f1_strict, token_accuracy, token_macro_f1,
// token_weighted_f1. Macro over the types or labels present in gold or predictions. Entity metrics are undefined for
// label sets without entity tags. Sentences are resampled, not words.
class TaggingStatistics : public Statistics {
 public:
  // The meter must outlive the object.
  explicit TaggingStatistics(const TaggingMeter& meter);
  const std::vector<std::string>& names() const override { return names_; }
  int64_t units() const override { return static_cast<int64_t>(sentences_.size()); }
  void evaluate(std::span<const uint32_t> weights, std::span<double> values) const override;
  // All slots' counts with these weights.
  std::vector<ClassCount> counts(std::span<const uint32_t> weights) const;

 private:
  const TagScheme& scheme_;
  const std::vector<TaggingMeter::Sentence>& sentences_;
  std::vector<std::string> names_;
};

struct TaggingResult {
  Scores scores;
  ClassTable tokens;  // by label, O included: the article's table
  double token_accuracy = kUndefined;
  ClassTable entities;                   // by TagScheme::types()
  ClassTable strict_entities;            // the same, strict IOB2
  std::vector<ConfusionCell> confusion;  // of word labels
  int64_t sentences = 0, words = 0, cut_off_words = 0;
};
TaggingResult summarize(const TaggingMeter& meter, const BootstrapOptions& options = {});

}  // namespace attune::metrics
