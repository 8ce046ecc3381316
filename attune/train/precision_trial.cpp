#include "attune/train/precision_trial.h"

#include <nlohmann/json.hpp>

#include "attune/compare/verdict.h"
#include "attune/train/prediction_lines.h"
#include "attune/train/prediction_writer.h"
#include "attune/train/predictor.h"

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

std::vector<json> lines_of(const tasks::ModelBundle& bundle, kernels::Kernels& kernels,
                           std::span<const data::Example> rows, bool gold) {
  const PredictionLines lines(bundle, {.gold = gold});
  const std::vector<RowLogits> logits = Predictor(bundle, kernels).logits(rows);
  std::vector<json> told;
  for (size_t i = 0; i < rows.size(); ++i) told.push_back(json::parse(lines.line(rows[i], logits[i])));
  return told;
}

}  // namespace

PrecisionTrial::PrecisionTrial(const tasks::ModelBundle& reference, const tasks::ModelBundle& other,
                               kernels::Kernels& kernels)
    : reference_(reference), other_(other), kernels_(kernels) {
  for (auto* answers : {&reference_answers_, &other_answers_})
    answers->kind = reference.task->data, answers->has_ids = true;
  reference_answers_.path = "the reference", other_answers_.path = "the other";
}

void PrecisionTrial::add(const data::Dataset& rows, bool labelled) {
  std::vector<data::Example> part;
  for (size_t first = 0; first < rows.examples.size(); first += kRowsAtOnce) {
    part.clear();
    for (size_t i = first; i < std::min(rows.examples.size(), first + kRowsAtOnce); ++i) {
      part.push_back(rows.examples[i]);
      if (part.back().id.empty()) part.back().id = row_name(part.back().origin, rows.files.size());
    }
    const auto before = lines_of(reference_, kernels_, part, labelled);
    const auto after = lines_of(other_, kernels_, part, labelled);
    for (size_t i = 0; i < part.size(); ++i) {
      const bool changed = decision(before[i]) != decision(after[i]);
      ++changed_.rows, changed_.changed += changed;
      if (!labelled) continue;
      ++labelled_.rows, labelled_.changed += changed;
      const std::string where = rows.describe(part[i].origin);
      reference_answers_.rows.push_back(compare::prediction_row(before[i], reference_.task->data, where));
      other_answers_.rows.push_back(compare::prediction_row(after[i], reference_.task->data, where));
    }
  }
}

std::optional<PrecisionTrial::Judged> PrecisionTrial::judge(const std::string& metric, double level) const {
  if (labelled_.rows == 0) return std::nullopt;
  Judged judged{.seen = compare::compare_blocks({other_answers_}, {reference_answers_}, {.metric = metric}),
                .fall = {}};
  const compare::Verdict verdict =
      compare::judge(judged.seen.differences, {.level = level, .worth = 0, .same_models = true});
  judged.fall = {.difference = verdict.difference,
                 .low = verdict.low,
                 .high = verdict.high,
                 .rows = labelled_.rows,
                 .changed = reference_.task->kind == tasks::TaskKind::regress ? labelled_.rows : labelled_.changed};
  return judged;
}

}  // namespace attune::train
