// Whether the last third of the rows is of another kind than the first.
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "attune/base/rng.h"
#include "attune/baselines/hashed_ngrams.h"
#include "attune/baselines/logistic_regression.h"
#include "attune/selection/measure/rows_parts.h"
#include "attune/selection/measure/statistics.h"

namespace attune::selection {
namespace {

constexpr int64_t kMostRowsOfThird = 6000, kFewestRowsOfThird = 20;
constexpr int kDriftThreads = 1;  // two classes: waiting for each other would take longer than the work
constexpr int64_t kMostDriftColumns = 1 << 21;
constexpr uint64_t kDriftStream = 0x6472696674;  // "drift"

// Rows of the first or the last third.
struct Third {
  int64_t begin, end;
};
std::array<Third, 2> thirds_of(int64_t rows) {
  return {Third{0, rows / 3}, Third{rows - rows / 3, rows}};
}

// One of two folds: rows that are nearly the same text stand in one, else they would tell their third.
struct DriftFold {
  std::vector<baselines::TextPair> texts;
  baselines::ClassTargets targets{.classes = 2};
  std::vector<uint8_t> late;

  void add(const data::ExampleView& row, bool is_late) {
    texts.push_back({row.text, row.text_pair});
    const int32_t label = is_late;
    targets.add(std::span(&label, 1));
    late.push_back(is_late);
  }
  int64_t count(bool is_late) const { return std::count(late.begin(), late.end(), uint8_t{is_late}); }
};

std::array<DriftFold, 2> drift_folds(const RowsToMeasure& what, int64_t train) {
  std::array<DriftFold, 2> folds;
  for (const bool late : {false, true}) {
    const Third third = thirds_of(train)[late];
    const int64_t rows = third.end - third.begin, taken = std::min(rows, kMostRowsOfThird);
    for (int64_t i = 0; i < taken; ++i) {
      const auto row = static_cast<size_t>(what.in_time[static_cast<size_t>(third.begin + i * rows / taken)]);
      const uint64_t key = mix_key(kDriftStream, static_cast<uint64_t>(what.clusters.of_row[row]));
      folds[key & 1].add(what.rows.examples.view(row), late);
    }
  }
  return folds;
}

// The area of a model that was fitted on the other fold.
double area_on(const DriftFold& judged, const DriftFold& learned) {
  const baselines::HashedNgrams ngrams(learned.texts, kMostDriftColumns);
  const baselines::LogisticModel fitted = baselines::fit(ngrams.features(learned.texts, kDriftThreads), learned.targets,
                                                         {}, {.c = 10, .max_iterations = 40}, {});
  const std::vector<float> logits = fitted.logits(ngrams.features(judged.texts, kDriftThreads));
  std::vector<float> scores;
  for (size_t i = 0; i < judged.texts.size(); ++i) scores.push_back(logits[2 * i + 1] - logits[2 * i]);
  return area_under_roc(scores, judged.late);
}

Figure drift_of_texts(const RowsToMeasure& what, int64_t train) {
  Figure figure{.name = "drift",
                .title = "how well a linear model tells late rows from early ones (area under ROC)",
                .unit = FigureUnit::share};
  const std::array<DriftFold, 2> folds = drift_folds(what, train);
  int64_t early = 0, late = 0;
  double weighted = 0, pairs = 0;
  for (const DriftFold& fold : folds) early += fold.count(false), late += fold.count(true);
  figure.n = early + late;
  const bool enough = std::all_of(folds.begin(), folds.end(), [](const DriftFold& fold) {
    return std::min(fold.count(false), fold.count(true)) >= kFewestRowsOfThird / 2;
  });
  if (!enough) {
    figure.note = fmt::format("too few rows: {} in the thirds, or most of them nearly the same text", figure.n);
    return figure;
  }
  for (const size_t f : {0, 1}) {
    const double here = static_cast<double>(folds[f].count(false)) * static_cast<double>(folds[f].count(true));
    weighted += here * area_on(folds[f], folds[1 - f]);
    pairs += here;
  }
  figure.value = weighted / pairs;
  figure.interval = hanley_mcneil(figure.value, late, early);
  figure.note = "0.5: not at all; learned on one half, judged on the other";
  return figure;
}

Figure drift_of_labels(const RowsToMeasure& what, int64_t train) {
  constexpr double kFewestExpected = 5;
  const data::Examples& examples = what.rows.examples;
  std::vector<std::array<double, 2>> counts(examples.label_names().size(), {0, 0});
  std::array<double, 2> sums = {0, 0};
  for (const bool late : {false, true}) {
    const Third third = thirds_of(train)[late];
    for (int64_t row = third.begin; row < third.end; ++row) {
      const data::ExampleView view = examples.view(static_cast<size_t>(what.in_time[static_cast<size_t>(row)]));
      for (int32_t i = 0; view.has_target && i < view.label_count; ++i)
        ++counts[static_cast<size_t>(view.label(i))][late], ++sums[late];
    }
  }
  Figure figure{.name = "drift_labels",
                .title = "chance of labels that differ so much between early and late rows (chi-square p)",
                .n = static_cast<int64_t>(sums[0] + sums[1])};
  const double all = sums[0] + sums[1];
  std::vector<std::array<double, 2>> cells;
  std::array<double, 2> rare = {0, 0};  // labels that are too rare for the test, taken together
  for (const auto& count : counts) {
    const double total = count[0] + count[1];
    if (total * std::min(sums[0], sums[1]) >= kFewestExpected * all)
      cells.push_back(count);
    else
      rare[0] += count[0], rare[1] += count[1];
  }
  if ((rare[0] + rare[1]) * std::min(sums[0], sums[1]) >= kFewestExpected * all) cells.push_back(rare);
  if (cells.size() < 2) {
    figure.note = "fewer than two labels that are frequent enough";
    return figure;
  }
  std::array<double, 2> kept = {0, 0};
  for (const auto& cell : cells) kept[0] += cell[0], kept[1] += cell[1];
  double square = 0;
  for (const auto& cell : cells)
    for (const size_t side : {0, 1}) {
      const double expected = (cell[0] + cell[1]) * kept[side] / (kept[0] + kept[1]);
      square += (cell[side] - expected) * (cell[side] - expected) / expected;
    }
  figure.value = chi_square_above(square, static_cast<double>(cells.size() - 1));
  if (what.task.kind == tasks::TaskKind::multilabel) figure.note = "takes labels of a row as independent";
  return figure;
}

}  // namespace

void measure_drift(const RowsToMeasure& what, int64_t train, Profile& profile) {
  profile.set(drift_of_texts(what, train));
  const bool labelled = what.task.kind == tasks::TaskKind::classify || what.task.kind == tasks::TaskKind::multilabel;
  if (labelled) profile.set(drift_of_labels(what, train));
}

}  // namespace attune::selection
