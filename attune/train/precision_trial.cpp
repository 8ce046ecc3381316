#include "attune/train/precision_trial.h"

#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "attune/compare/worth.h"
#include "attune/train/prediction_writer.h"

namespace attune::train {
namespace {

using nlohmann::json;

constexpr size_t kRowsAtOnce = 256;

// What a line says, without how sure it is.
uint64_t decision(const json& line) {
  json said;
  for (const char* key : {"label", "labels", "entities", "words"})
    if (line.contains(key)) said[key] = line[key];
  return std::hash<std::string>()(said.dump());
}

bool is_in(RowHalf half, size_t row) {
  return half == RowHalf::all || (row % 2 == 0) == (half == RowHalf::first);
}

}  // namespace

PrecisionAnswers::PrecisionAnswers(const tasks::ModelBundle& bundle)
    : task_(bundle.task->name),
      labelled_{.path = bundle.model->precision().name(), .kind = bundle.task->data, .has_ids = true, .rows = {}} {}

void PrecisionAnswers::add(const tasks::ModelBundle& bundle, kernels::Kernels& kernels, const data::Dataset& rows,
                           bool labelled, RowHalf half) {
  Predictor predictor(bundle, kernels);
  const PredictionLines lines(bundle, {.gold = labelled});
  std::vector<data::Example> part;
  const auto answer = [&] {
    const std::vector<RowLogits> logits = predictor.logits(part);
    for (size_t i = 0; i < part.size(); ++i) {
      const json line = json::parse(lines.line(part[i], logits[i]));
      decisions_.push_back(decision(line)), is_labelled_.push_back(labelled);
      logits_.insert(logits_.end(), logits[i].logits.begin(), logits[i].logits.end());
      if (labelled)
        labelled_.rows.push_back(compare::prediction_row(line, labelled_.kind, rows.describe(part[i].origin)));
    }
    part.clear();
  };
  for (size_t i = 0; i < rows.examples.size(); ++i) {
    if (!is_in(half, i)) continue;
    part.push_back(rows.examples[i]);
    if (part.back().id.empty()) part.back().id = row_name(part.back().origin, rows.files.size());
    if (part.size() == kRowsAtOnce) answer();
  }
  if (!part.empty()) answer();
}

double PrecisionAnswers::distance_from(const PrecisionAnswers& reference) const {
  ATTUNE_CHECK(logits_.size() == reference.logits_.size(), "answers to other rows");
  double apart = 0, size = 0;
  for (size_t i = 0; i < logits_.size(); ++i) {
    const double was = reference.logits_[i], is = logits_[i];
    apart += (is - was) * (is - was), size += was * was;
  }
  return size > 0 ? std::sqrt(apart / size) : 0;
}

HarmFound find_harm(const PrecisionAnswers& other, const PrecisionAnswers& reference, const HarmQuestion& question) {
  ATTUNE_CHECK(other.is_labelled() == reference.is_labelled(), "answers to other rows");
  HarmFound found;
  for (size_t i = 0; i < other.decisions().size(); ++i) {
    const bool changed = other.decisions()[i] != reference.decisions()[i];
    ++found.changed.rows, found.changed.changed += changed;
    if (other.is_labelled()[i]) ++found.labelled.rows, found.labelled.changed += changed;
  }
  if (found.labelled.rows > 0)
    found.seen = compare::compare_blocks({other.labelled()}, {reference.labelled()}, {.metric = question.metric});
  found.margin = compare::worth_of(question.metric, question.margin, found.seen ? found.seen->blocks[0].second : 0);
  if (found.margin <= 0) fail(ErrorKind::usage, "--margin: {} has a unit; say how much of it matters", question.metric);
  std::optional<compare::Fall> fall;
  if (found.seen) {
    found.difference =
        compare::judge(found.seen->differences, {.level = question.level, .worth = found.margin, .same_models = true});
    fall = {.difference = found.difference.difference,
            .low = found.difference.low,
            .high = found.difference.high,
            .rows = found.labelled.rows,
            // Every score changes.
            .changed = reference.task() == "regress" ? found.labelled.rows : found.labelled.changed,
            .turned_wrong = found.seen->blocks[0].only_second_right};
  }
  found.verdict =
      compare::judge_harm(fall, found.changed,
                          {.margin = found.margin,
                           .level = question.level,
                           .share_bounds = compare::falls_by_changed_rows(reference.task(), question.metric)});
  return found;
}

}  // namespace attune::train
