// What one line of a file of predictions says of one row.
#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "attune/data/example.h"
#include "attune/metrics/retrieval.h"

namespace attune::compare {

// An entity as `attune predict` prints it: characters [begin, end) of the sentence.
struct PlacedLabel {
  std::string label;
  int64_t begin = 0, end = 0;
};

struct PredictionRow {
  std::string id;     // "": none
  std::string group;  // rows of a group are drawn together; "": none
  int64_t line = 0;
  bool has_gold = false, has_prediction = false;
  bool has_decision = false;                 // labels: "labels" stands there, perhaps with none in it
  std::vector<std::string> gold, predicted;  // classes: one; labels: any number; tags: one a word
  double gold_score = 0, score = 0;
  std::vector<std::pair<std::string, double>> logits;  // by label; classes: log-probabilities or logits
  double probability_sum = 0;                          // of the classes' probabilities, 1 of logits
  std::vector<PlacedLabel> entities;                   // tags, as places; need the words of --gold
  bool has_places = false;                             // the prediction stands in `entities`
  bool places_are_words = false;                       // whose labels are tags as they are, not types of entities
  // Tags, by what is taken off the logit of O (metrics::outside_name), where they then differ from `predicted`.
  std::vector<std::pair<std::string, std::vector<std::string>>> tags_at;
  std::vector<metrics::RelevantDocument> relevant;  // texts: ranks of the relevant documents
};

// The class that a row is answered with: what was predicted, else the most probable.
const std::string& answer_of(const PredictionRow& row);

// What kind of predictions a line holds, from its keys: ranks -> texts; tags, entities or words -> tags; score ->
// score; labels, or a list for gold -> labels; else label.
data::TargetKind kind_of(const nlohmann::json& line);

// Errors (input), with `where` (file and line): a key that is missing or of another type, a probability outside [0, 1],
// an id that is no text or number.
PredictionRow prediction_row(const nlohmann::json& line, data::TargetKind kind, const std::string& where);

}  // namespace attune::compare
