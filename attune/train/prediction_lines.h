// From a row's logits to the line that `attune predict` prints and `attune compare` reads.
#pragma once
#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "attune/data/example.h"
#include "attune/metrics/entities.h"
#include "attune/tasks/model_bundle.h"
#include "attune/tasks/tag_decoder.h"
#include "attune/train/predictor.h"

namespace attune::train {

struct LineOptions {
  bool gold = false;  // "gold" too, what is right; for tagging also "tags", what was predicted of each word
  bool other_tags =
      false;        // for tagging "tags_at" too: where they differ, the tags by what is taken off the logit of O
  int64_t top = 0;  // how many probabilities a line has, the largest first; 0: all, in label order
  bool logits =
      false;  // "logits" too: [K], for tagging one list a word that was read (or a piece that characters share)
};

class PredictionLines {
 public:
  // The bundle outlives this object. Errors (usage): thresholds that do not fit the labels.
  PredictionLines(const tasks::ModelBundle& bundle, const LineOptions& options);

  // One JSON object and a newline, in front the row's id if it has one. Soft-max and sigmoid are taken in f64.
  //   classify    label (the first of the largest), probabilities {label: p}
  //   multilabel  labels (those at or above their threshold), probabilities
  //   regress     score
  //   tag         entities [{label, text, start, end}], in characters of the sentence; for label sets without entities
  //   words, alike
  // Errors (numeric): a logit that is not finite.
  std::string line(const data::Example& example, const RowLogits& row) const;

 private:
  nlohmann::ordered_json tags_json(const data::Example& example, const RowLogits& row) const;
  void add_other_tags(nlohmann::ordered_json& line, const data::Example& example, const RowLogits& row) const;
  void add_gold(nlohmann::ordered_json& line, const data::Example& example, const RowLogits& row) const;

  const tasks::ModelBundle& bundle_;
  LineOptions options_;
  metrics::TagScheme scheme_;
  tasks::TagDecoder decoder_;
  std::vector<float> thresholds_;  // multilabel, of logits
};

}  // namespace attune::train
