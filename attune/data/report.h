// What the data looks like before anything is trained on it: `attune data FILE`, and the first page of every run.
#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "attune/data/dataset.h"
#include "attune/data/encoded_set.h"
#include "attune/data/quantiles.h"

namespace attune::data {

struct LabelCount {
  std::string label;
  int64_t count = 0;
};

// Two rows named by place, never by text (customers' messages do not leak).
struct RowPair {
  std::string first, second;  // "train.csv line 3"
};

struct ScoreProfile {
  double min = 0, max = 0, mean = 0, deviation = 0;  // population standard deviation
};

// Rows of pairs of texts that belong together.
struct PairProfile {
  int64_t first = 0, second = 0;  // different first texts; different second ones
  int64_t negatives = 0;          // rows that have some
  int64_t documents = 0;          // of the corpus
  int64_t second_in_other = 0;    // rows whose second text is one of the first split's
};

struct SplitProfile {
  std::string name;  // "train", "dev", "test"
  std::vector<std::string> files;
  int64_t rows = 0, unlabelled = 0, empty_texts = 0, pairs = 0, words = 0;
  int64_t without_label = 0;                               // multi-label: rows with none of the labels
  std::vector<LabelCount> labels;                          // in the order of Labels::sorted; for tags: of words
  std::vector<LabelCount> entities;                        // tagging: entities by type
  std::optional<ScoreProfile> scores;                      // regression, scored pairs
  TextShape shape = TextShape::none;                       // embedding
  std::optional<PairProfile> belonging;                    // embedding, pairs
  Quantiles characters;                                    // code points of a row (both texts of a pair)
  int64_t duplicates = 0;                                  // rows whose input stood in an earlier row of the split
  int64_t conflicts = 0;                                   // of these, with another target than the first such row
  std::vector<RowPair> duplicate_places, conflict_places;  // the first few
  std::optional<Quantiles> pieces;                         // with a tokenizer: full lengths, special pieces included
  std::optional<EncodeCounts> encoding;
};

// Rows of `split` whose input stands in `other` too.
struct Overlap {
  std::string split, other;
  int64_t rows = 0;
  int64_t other_target = 0;     // of these, with another target there
  std::vector<RowPair> places;  // the first few: in `split`, in `other`
};

// A label that some splits have and others lack.
struct UnevenLabel {
  std::string label;
  std::vector<std::string> present, absent;  // names of splits
};

struct DataReport {
  TargetKind target = TargetKind::label;
  int max_length = 0;  // 0: not encoded
  std::vector<SplitProfile> splits;
  std::vector<Overlap> overlaps;
  std::vector<UnevenLabel> uneven_labels;
  std::vector<std::string> notes;     // of the readers: what was recognised, converted, repaired
  std::vector<std::string> warnings;  // what a careful person would look at first
};

struct SplitInput {
  std::string name;
  const Dataset* data;
  const EncodedSet* encoded = nullptr;  // nullptr: no tokenizer at hand
};

// The first split is the one the others are compared with (train).
DataReport profile_data(std::span<const SplitInput> splits, TargetKind target, int max_length = 0);

nlohmann::json to_json(const DataReport& report);
// A readable table, lines of at most about 100 columns. `most_labels`: how many labels are listed (all are in JSON).
std::string to_text(const DataReport& report, size_t most_labels = 20);

}  // namespace attune::data
