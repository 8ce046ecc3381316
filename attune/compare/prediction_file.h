// A file of predictions: JSON lines, a row each.
//
//   id             text or number: rows of other files with this id are the same row. Without: rows are matched by
//                  their place, in all files alike
//   gold           what is right: a label, a list of labels, a number, a list of tags; may stand in --gold instead
//   label, labels, score, tags, entities, ranks    the prediction
//   probabilities  {label: p}, or a list by label 0, 1, ...; logits: alike. Where no label is given, the largest
//   group          rows of a group are drawn together (a document, a user)
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "attune/compare/prediction_row.h"

namespace attune::compare {

struct PredictionFile {
  std::string path;
  data::TargetKind kind = data::TargetKind::label;
  bool has_ids = false;  // else row i has the id "row i"
  std::vector<PredictionRow> rows;

  std::string where(const PredictionRow& row) const;  // "a.jsonl line 7"
};

// One answer for every row: a run that failed. Never of fewer than 20 rows, of several labels or of ranks.
bool is_constant(const PredictionFile& file);

// `kind`: of the task; nothing: as the first line says. Errors (io, input): file and line; no row; an id twice; ids in
// some rows only.
PredictionFile read_predictions(const std::string& path, std::optional<data::TargetKind> kind);

}  // namespace attune::compare
