#include "attune/selection/answers.h"

#include <algorithm>

#include "attune/base/error.h"
#include "attune/compare/judged_run.h"
#include "attune/metrics/catalog.h"

namespace attune::selection {
namespace {

using compare::PredictionFile;
using compare::PredictionRow;
using data::TargetKind;

// In the labels' order. Errors (input): a row that lacks one.
std::vector<double> logits_of(const PredictionFile& file, const PredictionRow& row, const data::Labels& labels) {
  std::vector<double> logits(static_cast<size_t>(labels.size()), metrics::kUndefined);
  for (const auto& [label, z] : row.logits)
    if (const int k = labels.find(label); k >= 0) logits[static_cast<size_t>(k)] = std::clamp(z, -1e4, 1e4);
  for (size_t k = 0; k < logits.size(); ++k)
    if (std::isnan(logits[k]))
      fail(ErrorKind::input, "{}: no probability of '{}'", file.where(row), labels.name(static_cast<int>(k)));
  return logits;
}

const std::vector<std::string>& tags_at(const PredictionRow& row, double cut) {
  const std::string name = metrics::outside_name(cut);
  for (const auto& [at, tags] : row.tags_at)
    if (at == name) return tags;
  return row.predicted;
}

// Row i after the cut of its fold; left out where that has none.
template <class Cuts>
PredictionFile with_tags_at(const PredictionFile& file, const Cuts& cuts) {
  PredictionFile some{.path = file.path, .kind = file.kind, .has_ids = file.has_ids, .rows = {}};
  for (size_t i = 0; i < file.rows.size(); ++i) {
    const auto& cut = cuts[i % metrics::kCorrectionFolds];
    if (!cut) continue;
    PredictionRow& row = some.rows.emplace_back();
    row.id = file.rows[i].id, row.gold = file.rows[i].gold;
    row.predicted = tags_at(file.rows[i], *cut);
  }
  return some;
}

}  // namespace

metrics::Correction fit(const Answers& answers, const LabelFacts& facts, const std::string& metric) {
  const PredictionFile& file = answers.inner;
  switch (file.kind) {
    case TargetKind::label: {
      metrics::ClassAnswers rows{
          .classes = facts.labels.size(), .ordered = facts.ordered || facts.labels.are_grades(), .prior = facts.counts};
      for (const PredictionRow& row : file.rows) {
        const std::vector<double> logits = logits_of(file, row, facts.labels);
        rows.logits.insert(rows.logits.end(), logits.begin(), logits.end());
        rows.gold.push_back(facts.labels.find(row.gold[0]));
      }
      return metrics::fit_correction(metric, rows);
    }
    case TargetKind::labels: {
      metrics::LabelAnswers rows{.labels = facts.labels.size()};
      for (const PredictionRow& row : file.rows) {
        const std::vector<double> logits = logits_of(file, row, facts.labels);
        rows.logits.insert(rows.logits.end(), logits.begin(), logits.end());
        const size_t first = rows.gold.size();
        rows.gold.resize(first + logits.size(), 0);
        for (const auto& label : row.gold) rows.gold[first + static_cast<size_t>(facts.labels.find(label))] = 1;
      }
      return metrics::fit_correction(metric, rows);
    }
    case TargetKind::score: {
      metrics::ScoreAnswers rows;
      for (const PredictionRow& row : file.rows)
        rows.predicted.push_back(row.score), rows.gold.push_back(row.gold_score);
      return metrics::fit_correction(metric, rows);
    }
    case TargetKind::tags:
      return metrics::fit_outside(metric, [&](const auto& cuts) { return value_of(with_tags_at(file, cuts), metric); });
    case TargetKind::texts:
      break;
  }
  return {};
}

PredictionFile plain(PredictionFile file) {
  if (file.kind == TargetKind::label || file.kind == TargetKind::labels)
    for (PredictionRow& row : file.rows)
      if (!row.logits.empty()) row.predicted.clear(), row.has_decision = false;
  return file;
}

PredictionFile corrected(PredictionFile file, const metrics::Correction& correction, const LabelFacts& facts) {
  file = plain(std::move(file));
  if (!correction.helps()) return file;
  for (PredictionRow& row : file.rows) {
    if (file.kind == TargetKind::score) row.score = correction.apply(row.score);
    if (file.kind == TargetKind::tags) row.predicted = tags_at(row, correction.outside);
    if (file.kind != TargetKind::label && file.kind != TargetKind::labels) continue;
    std::vector<double> logits = logits_of(file, row, facts.labels);
    correction.apply(logits);
    for (auto& [label, z] : row.logits) z = logits[static_cast<size_t>(facts.labels.find(label))];
    if (file.kind == TargetKind::label && correction.decide != metrics::Decide::largest)
      row.predicted = {facts.labels.name(correction.decision(logits))};
  }
  return file;
}

bool has_collapsed(const PredictionFile& file) {
  if (!compare::is_constant(file) || file.kind != TargetKind::label) return compare::is_constant(file);
  constexpr double kMostly = 0.8;
  const auto right = std::count_if(file.rows.begin(), file.rows.end(),
                                   [](const PredictionRow& row) { return row.gold[0] == compare::answer_of(row); });
  return static_cast<double>(right) < kMostly * static_cast<double>(file.rows.size());
}

double value_of(const PredictionFile& file, const std::string& metric) {
  const data::Labels labels = compare::labels_of({file}, {});
  if (file.kind == TargetKind::label && labels.size() < 2) return metrics::kUndefined;
  const auto judged = compare::judged_run(file, labels, metric);
  return metrics::evaluate(judged->statistics()).value(metric);
}

}  // namespace attune::selection
