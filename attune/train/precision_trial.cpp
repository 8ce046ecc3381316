#include "attune/train/precision_trial.h"

#include <nlohmann/json.hpp>

#include "attune/train/prediction_writer.h"

namespace attune::train {
namespace {

using nlohmann::json;

constexpr size_t kRowsAtOnce = 256;

// What a line says, without how sure it is.
json decision(const json& line) {
  json said;
  for (const char* key : {"label", "labels", "entities", "words"})
    if (line.contains(key)) said[key] = line[key];
  return said;
}

}  // namespace

PrecisionTrial::Side::Side(const tasks::ModelBundle& bundle, kernels::Kernels& kernels)
    : predictor(bundle, kernels),
      lines(bundle, {}),
      gold_lines(bundle, {.gold = true}),
      answers{.path = bundle.model->precision().name(), .kind = bundle.task->data, .has_ids = true, .rows = {}} {}

std::vector<json> PrecisionTrial::Side::answer(std::span<const data::Example> rows, bool gold) {
  const std::vector<RowLogits> logits = predictor.logits(rows);
  std::vector<json> told;
  for (size_t i = 0; i < rows.size(); ++i)
    told.push_back(json::parse((gold ? gold_lines : lines).line(rows[i], logits[i])));
  return told;
}

PrecisionTrial::PrecisionTrial(const tasks::ModelBundle& reference, const tasks::ModelBundle& other,
                               kernels::Kernels& kernels)
    : task_(*reference.task), reference_(reference, kernels), other_(other, kernels) {}

void PrecisionTrial::add(const data::Dataset& rows, bool labelled) {
  std::vector<data::Example> part;
  for (size_t first = 0; first < rows.examples.size(); first += kRowsAtOnce) {
    part.clear();
    for (size_t i = first; i < std::min(rows.examples.size(), first + kRowsAtOnce); ++i) {
      part.push_back(rows.examples[i]);
      if (part.back().id.empty()) part.back().id = row_name(part.back().origin, rows.files.size());
    }
    const auto before = reference_.answer(part, labelled), after = other_.answer(part, labelled);
    for (size_t i = 0; i < part.size(); ++i) {
      const bool changed = decision(before[i]) != decision(after[i]);
      ++changed_.rows, changed_.changed += changed;
      if (!labelled) continue;
      ++labelled_.rows, labelled_.changed += changed;
      const std::string where = rows.describe(part[i].origin);
      reference_.answers.rows.push_back(compare::prediction_row(before[i], task_.data, where));
      other_.answers.rows.push_back(compare::prediction_row(after[i], task_.data, where));
    }
  }
}

std::optional<compare::Comparison> PrecisionTrial::compared(const std::string& metric) const {
  if (labelled_.rows == 0) return std::nullopt;
  return compare::compare_blocks({other_.answers}, {reference_.answers}, {.metric = metric});
}

}  // namespace attune::train
