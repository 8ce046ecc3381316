#include "attune/data/labels.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <map>

#include "attune/metrics/entities.h"
#include "attune/metrics/moments.h"
#include "attune/selection/measure/rows_parts.h"
#include "attune/selection/measure/statistics.h"

namespace attune::selection {
namespace {

constexpr int64_t kRareRows = 20, kTooFewRows = 5;
constexpr double kTogetherLevel = 0.05;

double ratio(int64_t part, int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : metrics::kUndefined;
}

// How often each label of the examples occurs, by its number there, and in how many rows with a target.
struct LabelCounts {
  std::vector<int64_t> of;
  int64_t rows = 0;
};

LabelCounts count_labels(const data::Examples& examples, int64_t train) {
  LabelCounts counts{.of = std::vector<int64_t>(examples.label_names().size(), 0)};
  for (int64_t row = 0; row < train; ++row) {
    const data::ExampleView view = examples.view(static_cast<size_t>(row));
    counts.rows += view.has_target;
    for (int32_t i = 0; view.has_target && i < view.label_count; ++i) ++counts.of[static_cast<size_t>(view.label(i))];
  }
  return counts;
}

// The labels that occur, the rarest first; of equally rare ones the first by name.
std::vector<std::pair<int64_t, std::string>> by_rarity(const std::vector<std::string>& names,
                                                       const std::vector<int64_t>& counts) {
  std::vector<std::pair<int64_t, std::string>> labels;
  for (size_t k = 0; k < counts.size(); ++k)
    if (counts[k] > 0) labels.emplace_back(counts[k], names[k]);
  std::sort(labels.begin(), labels.end());
  return labels;
}

void warn_of_rare(const std::vector<std::pair<int64_t, std::string>>& labels, const char* what, Profile& profile) {
  const auto few = std::count_if(labels.begin(), labels.end(), [](const auto& l) { return l.first < kTooFewRows; });
  if (few == 0) return;
  profile.warnings.push_back(fmt::format(
      "{} of {} {} occur in fewer than {} rows ('{}' in {}): nothing can be said of them, and little be learned", few,
      labels.size(), what, kTooFewRows, labels.front().second, labels.front().first));
}

void measure_classes(const RowsToMeasure& what, int64_t train, Profile& profile) {
  const LabelCounts counts = count_labels(what.rows.examples, train);
  const auto classes = by_rarity(what.rows.examples.label_names(), counts.of);
  const auto k = std::ssize(classes);
  profile.set({.name = "classes",
               .title = "classes",
               .value = static_cast<double>(k),
               .unit = FigureUnit::count,
               .n = counts.rows});
  const std::string none = k == 0 ? "no row has a label" : "";
  int64_t labelled = 0, rare_rows = 0, rare_classes = 0;
  std::vector<double> sizes;
  for (const auto& [size, label] : classes) {
    labelled += size;
    sizes.push_back(static_cast<double>(size));
    if (size < kRareRows) ++rare_classes, rare_rows += size;
  }
  const int64_t smallest = k > 0 ? classes.front().first : 0, largest = k > 0 ? classes.back().first : 0;
  profile.set({.name = "smallest_class",
               .title = "rows of the smallest class",
               .value = k > 0 ? static_cast<double>(smallest) : metrics::kUndefined,
               .unit = FigureUnit::count,
               .n = k,
               .note = k > 0 ? fmt::format("'{}'", classes.front().second) : none});
  profile.set({.name = "imbalance_ratio",
               .title = "largest class against smallest",
               .value = ratio(largest, smallest),
               .unit = FigureUnit::ratio,
               .n = k,
               .note = none});
  profile.set({.name = "rare_classes",
               .title = fmt::format("classes of fewer than {} rows", kRareRows),
               .value = static_cast<double>(rare_classes),
               .unit = FigureUnit::count,
               .n = k,
               .note = none});
  Figure rare = share_figure("rare_rows", "rows in such classes", rare_rows, labelled);
  rare.note = none;
  profile.set(std::move(rare));
  const auto outputs = static_cast<double>(k);
  profile.set({.name = "evenness",
               .title = "classes that count, of all (exp of entropy / classes)",
               .value = k > 0 ? std::exp2(entropy_bits(sizes)) / outputs : metrics::kUndefined,
               .unit = FigureUnit::share,
               .n = labelled,
               .note = none});
  profile.set({.name = "rarest_share",
               .title = "smallest class against an even share",
               .value = ratio(smallest, labelled) * outputs,
               .unit = FigureUnit::ratio,
               .n = labelled,
               .note = none});
  warn_of_rare(classes, "classes", profile);

  std::vector<std::string> names;
  for (const auto& [size, label] : classes)
    if (!label.empty()) names.push_back(label);
  const bool numbers = data::Labels::sorted(std::move(names)).are_grades();
  profile.set({.name = "grades",
               .title = "labels are grades",
               .value = numbers || what.ordered ? 1.0 : 0.0,
               .n = k,
               .note = what.ordered ? "as you say"
                       : numbers    ? "the labels are numbers in rising order"
                                    : ""});
}

using LabelSet = std::vector<int32_t>;

LabelSet label_set(const data::ExampleView& view) {
  LabelSet set;
  for (int32_t i = 0; i < view.label_count; ++i) set.push_back(view.label(i));
  std::sort(set.begin(), set.end());
  set.erase(std::unique(set.begin(), set.end()), set.end());
  return set;
}

// Pairs of labels that stand together more often than by chance.
Figure pairs_together(const std::map<LabelSet, int64_t>& sets, const std::vector<int64_t>& positives, int64_t labels,
                      int64_t rows) {
  std::map<std::pair<int32_t, int32_t>, int64_t> together;
  for (const auto& [set, count] : sets)
    for (size_t i = 0; i < set.size(); ++i)
      for (size_t j = i + 1; j < set.size(); ++j) together[{set[i], set[j]}] += count;
  std::vector<double> p;  // of a pair that never stands together: 1
  for (const auto& [pair, both] : together)
    p.push_back(fisher_more_often(both, positives[static_cast<size_t>(pair.first)],
                                  positives[static_cast<size_t>(pair.second)], rows));
  const int64_t pairs = labels * (labels - 1) / 2;
  Figure figure{.name = "pairs_together",
                .title = "pairs of labels that stand together more often than by chance",
                .unit = FigureUnit::count,
                .n = pairs};
  if (pairs > 0 && rows > 0) figure.value = static_cast<double>(holm_rejections(p, pairs, kTogetherLevel));
  figure.note = pairs > 0 ? "Fisher's exact test, Holm over all pairs, 0.05" : "fewer than two labels";
  return figure;
}

void measure_label_sets(const RowsToMeasure& what, int64_t train, Profile& profile) {
  const data::Examples& examples = what.rows.examples;
  std::map<LabelSet, int64_t> sets;
  std::vector<int64_t> positives(examples.label_names().size(), 0);
  int64_t rows = 0, total = 0;
  for (int64_t row = 0; row < train; ++row) {
    const data::ExampleView view = examples.view(static_cast<size_t>(row));
    if (!view.has_target) continue;
    const LabelSet set = label_set(view);
    ++rows, ++sets[set];
    total += std::ssize(set);
    for (const int32_t label : set) ++positives[static_cast<size_t>(label)];
  }
  const auto labels = by_rarity(examples.label_names(), positives);
  const auto k = std::ssize(labels);
  const std::string none = k == 0 ? "no row has a label" : "";
  const double cardinality = ratio(total, rows);
  profile.set(
      {.name = "classes", .title = "labels", .value = static_cast<double>(k), .unit = FigureUnit::count, .n = rows});
  profile.set(
      {.name = "cardinality", .title = "labels of a row, on average", .value = cardinality, .n = rows, .note = none});
  profile.set({.name = "density",
               .title = "the same, of all labels",
               .value = k > 0 ? cardinality / static_cast<double>(k) : metrics::kUndefined,
               .unit = FigureUnit::share,
               .n = rows,
               .note = none});
  profile.set({.name = "smallest_label",
               .title = "rows that have the rarest label",
               .value = k > 0 ? static_cast<double>(labels.front().first) : metrics::kUndefined,
               .unit = FigureUnit::count,
               .n = k,
               .note = k > 0 ? fmt::format("'{}'", labels.front().second) : none});
  profile.set({.name = "imbalance_ratio",
               .title = "most frequent label against rarest",
               .value = k > 0 ? ratio(labels.back().first, labels.front().first) : metrics::kUndefined,
               .unit = FigureUnit::ratio,
               .n = k,
               .note = none});
  profile.set({.name = "label_sets",
               .title = "different sets of labels",
               .value = static_cast<double>(sets.size()),
               .unit = FigureUnit::count,
               .n = rows});
  const auto lone = std::count_if(sets.begin(), sets.end(), [](const auto& set) { return set.second == 1; });
  Figure alone = share_figure("lone_sets", "rows whose set of labels no other has", lone, rows);
  alone.note = rows == 0 ? none : "";
  profile.set(std::move(alone));
  profile.set(pairs_together(sets, positives, k, rows));
  warn_of_rare(labels, "labels", profile);
}

void measure_scores(const RowsToMeasure& what, int64_t train, Profile& profile) {
  double low = INFINITY, high = -INFINITY;
  metrics::Moments scores;
  for (int64_t row = 0; row < train; ++row) {
    const data::ExampleView view = what.rows.examples.view(static_cast<size_t>(row));
    if (!view.has_target) continue;
    low = std::min(low, view.score), high = std::max(high, view.score);
    scores.see(view.score);
  }
  const auto n = static_cast<int64_t>(scores.count);
  const auto set = [&](const char* name, const char* title, double value) {
    profile.set({.name = name,
                 .title = title,
                 .value = n > 0 ? value : metrics::kUndefined,
                 .n = n,
                 .note = n > 0 ? "" : "no row has a score"});
  };
  set("score_low", "lowest score", low);
  set("score_high", "highest score", high);
  set("score_deviation", "standard deviation of the scores", std::sqrt(scores.squares / scores.count));
}

void measure_tags(const RowsToMeasure& what, int64_t train, Profile& profile) {
  const std::vector<std::string>& names = what.rows.examples.label_names();
  const LabelCounts counts = count_labels(what.rows.examples, train);
  int64_t words = 0, outside = 0;
  for (size_t k = 0; k < names.size(); ++k) {
    words += counts.of[k];
    if (names[k] == "O") outside = counts.of[k];
  }
  const auto tags = std::count_if(counts.of.begin(), counts.of.end(), [](int64_t count) { return count > 0; });
  profile.set(
      {.name = "classes", .title = "tags", .value = static_cast<double>(tags), .unit = FigureUnit::count, .n = words});
  profile.set({.name = "words",
               .title = "words with a tag",
               .value = static_cast<double>(words),
               .unit = FigureUnit::count,
               .n = counts.rows});
  const bool entities = metrics::TagScheme(names).has_entities();
  Figure figure =
      share_figure("entity_words", "words of entities", entities ? words - outside : 0, entities ? words : 0);
  if (!entities) figure.note = words > 0 ? "the tags are no entities" : "no word has a tag";
  profile.set(std::move(figure));
}

}  // namespace

void measure_labels(const RowsToMeasure& what, int64_t train, Profile& profile) {
  profile.set(
      {.name = "rows", .title = "rows", .value = static_cast<double>(train), .unit = FigureUnit::count, .n = train});
  switch (what.task.kind) {
    case tasks::TaskKind::classify:
      return measure_classes(what, train, profile);
    case tasks::TaskKind::multilabel:
      return measure_label_sets(what, train, profile);
    case tasks::TaskKind::regress:
      return measure_scores(what, train, profile);
    case tasks::TaskKind::tag:
      return measure_tags(what, train, profile);
    case tasks::TaskKind::embed:
      return;
  }
}

}  // namespace attune::selection
