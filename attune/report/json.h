// report.json: {"dev": {"accuracy": ..}, "test": {..}} with the catalogue's metric names at that level, and the
// details nested beside them.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "attune/report/report.h"

namespace attune::report {

// Top level: format (1), title, task, model, labels; one object a split under its name; ladder, routing, curve,
// evaluations, data, facts, notes: each only where the report has it. A split holds its scores (null where undefined)
// and: rows, files, seconds, intervals {metric: [low, high]}, undefined {metric: why}, and by task
//   classify    per_class, averages, confusion [[gold, predicted, rows]], most_confused, calibration
//   multilabel  per_class (with auroc, average_precision, threshold), averages
//   tag         entities, entities_strict, tokens (each per_class and averages), confusion, words, cut_off_words
// and truncation, mistakes (with text only if Report::show_texts). Invalid UTF-8 becomes U+FFFD.
// Errors (internal): data_json is not JSON.
nlohmann::ordered_json to_json(const Report& report);

// The same as text: one indented document, ended by a newline.
std::string json_text(const Report& report);

}  // namespace attune::report
