// Rows that stand twice: in the training rows, with other targets, and on both sides.
#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "attune/selection/measure/rows_parts.h"
#include "attune/selection/measure/statistics.h"

namespace attune::selection {
namespace {

// What a row asks for, as one text; nothing for rows that ask for nothing, or for no more than their texts.
std::optional<std::string> target_of(const RowsToMeasure& what, int32_t row) {
  const data::Examples& examples = what.rows.examples;
  const data::ExampleView view = examples.view(static_cast<size_t>(row));
  if (!view.has_target) return std::nullopt;
  const bool scored = what.task.kind == tasks::TaskKind::regress || what.rows.shape == data::TextShape::scored;
  if (scored) return fmt::format("{}", view.score);
  if (view.label_count == 0 && what.task.kind != tasks::TaskKind::multilabel) return std::nullopt;
  std::vector<std::string_view> labels;
  for (int32_t i = 0; i < view.label_count; ++i) labels.push_back(examples.label_of(view, i));
  if (what.task.kind == tasks::TaskKind::multilabel) {
    if (labels.empty()) return "no label";
    std::sort(labels.begin(), labels.end());
    labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
  }
  return fmt::format("{}", fmt::join(labels, what.task.kind == tasks::TaskKind::multilabel ? ", " : " "));
}

std::string place_of(const data::Dataset& rows, int32_t row) {
  return rows.describe(rows.examples.view(static_cast<size_t>(row)).origin);
}

// The tags in which a sentence differs from its twin: a long sentence's tags in a row say nothing to a reader.
std::string different_tags(const data::Dataset& rows, int32_t row, int32_t twin) {
  constexpr int kMostWords = 3;
  const data::Example mine = rows.examples[static_cast<size_t>(row)], other = rows.examples[static_cast<size_t>(twin)];
  std::string text;
  int named = 0;
  for (size_t w = 0; w < mine.labels.size(); ++w) {
    if (w < other.labels.size() && mine.labels[w] == other.labels[w]) continue;
    if (named++ == kMostWords) return text + ", ...";
    const std::string word = w < mine.words.size() ? mine.words[w] : fmt::format("word {}", w + 1);
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", word, mine.labels[w]);
  }
  return text;
}

struct Targeted {
  int32_t row;
  std::string target;
};

// Pairs of rows with the same text, and those of them that ask for different answers.
struct Contradictions {
  int64_t pairs = 0, differ = 0;
  int32_t first = -1, second = -1;  // the first two rows that differ
  std::vector<SuspiciousRow> rows;
};

int64_t pairs_among(int64_t rows) {
  return rows * (rows - 1) / 2;
}

SuspiciousRow contradiction(const RowsToMeasure& what, const std::vector<Targeted>& group,
                            const std::map<std::string, int64_t>& targets, const Targeted& one) {
  // What most of the others say; of equals what stands first.
  const Targeted* twin = nullptr;
  for (const Targeted& other : group)
    if (other.target != one.target && (!twin || targets.at(other.target) > targets.at(twin->target))) twin = &other;
  const auto size = std::ssize(group), disagree = size - targets.at(one.target);
  const bool tagging = what.task.kind == tasks::TaskKind::tag;
  SuspiciousRow row;
  row.place = place_of(what.rows, one.row);
  row.label = tagging ? different_tags(what.rows, one.row, twin->row) : one.target;
  row.expected = tagging ? different_tags(what.rows, twin->row, one.row) : twin->target;
  row.suspicion = static_cast<double>(disagree) / static_cast<double>(size);
  row.reason = fmt::format("the same text stands in {} as '{}'", place_of(what.rows, twin->row), row.expected);
  if (size > 2) row.reason += fmt::format("; {} of its {} rows disagree with this one", disagree, size);
  return row;
}

void add_group(const RowsToMeasure& what, const std::vector<Targeted>& group, Contradictions& found) {
  std::map<std::string, int64_t> targets;
  for (const Targeted& one : group) ++targets[one.target];
  const int64_t pairs = pairs_among(std::ssize(group));
  int64_t alike = 0;
  for (const auto& [target, count] : targets) alike += pairs_among(count);
  found.pairs += pairs, found.differ += pairs - alike;
  if (targets.size() < 2) return;
  const auto other =
      std::find_if(group.begin(), group.end(), [&](const auto& t) { return t.target != group[0].target; });
  if (found.first < 0) found.first = group[0].row, found.second = other->row;
  for (const Targeted& one : group) found.rows.push_back(contradiction(what, group, targets, one));
}

// Of all rows, those of a dev file too: whoever judges by a wrong label is wrong.
Contradictions find_contradictions(const RowsToMeasure& what) {
  Contradictions found;
  std::vector<Targeted> group;
  const auto add = [&](int32_t row) {
    if (auto target = target_of(what, row)) group.push_back({row, std::move(*target)});
  };
  int32_t first = -1;  // of the group in hand
  const auto finish = [&] {
    if (group.size() > 1) add_group(what, group, found);
    group.clear();
  };
  for (const NearPair& pair : what.clusters.pairs) {
    if (!pair.exact) continue;
    if (pair.first != first) finish(), first = pair.first, add(first);
    add(pair.second);
  }
  finish();
  return found;
}

void measure_contradictions(const RowsToMeasure& what, Profile& profile) {
  Contradictions found = find_contradictions(what);
  Figure figure =
      share_figure("contradictions", "pairs of rows with the same text whose labels differ", found.differ, found.pairs);
  figure.note =
      found.pairs > 0 ? "where it is small, about half as many labels are wrong" : "no text stands twice with a label";
  profile.set(std::move(figure));
  if (found.differ > 0)
    profile.warnings.push_back(fmt::format(
        "{} rows have the text of another row and a different label ({} of {} pairs of the same text differ; first: {} "
        "and {})",
        found.rows.size(), found.differ, found.pairs, place_of(what.rows, found.first),
        place_of(what.rows, found.second)));
  add_suspicious(profile, std::move(found.rows));
}

void measure_overlap(const RowsToMeasure& what, int64_t train, Profile& profile) {
  const auto rows = std::ssize(what.clusters.of_row);
  if (train == rows) return;
  int64_t shared = 0;
  int32_t first = -1;
  for (int64_t row = train; row < rows; ++row) {
    if (what.clusters.of_row[static_cast<size_t>(row)] >= train) continue;
    if (shared++ == 0) first = static_cast<int32_t>(row);
  }
  profile.set(share_figure("overlap", "dev rows that stand in the training rows too, or nearly", shared, rows - train));
  if (shared > 0)
    profile.warnings.push_back(
        fmt::format("{} of {} dev rows stand in the training rows too, or nearly (first: {} and {}): they judge memory",
                    shared, rows - train, place_of(what.rows, first),
                    place_of(what.rows, what.clusters.of_row[static_cast<size_t>(first)])));
}

}  // namespace

void measure_repeats(const RowsToMeasure& what, int64_t train, Profile& profile) {
  enum Repeat : uint8_t { none, near, exact };
  std::vector<Repeat> repeats(static_cast<size_t>(train), none);
  for (const NearPair& pair : what.clusters.pairs)
    if (pair.second < train) {
      Repeat& repeat = repeats[static_cast<size_t>(pair.second)];
      repeat = std::max(repeat, pair.exact ? exact : near);
    }
  profile.set(share_figure("exact_duplicates", "rows with the text of an earlier one",
                           std::count(repeats.begin(), repeats.end(), exact), train));
  profile.set(share_figure("near_duplicates", "rows with nearly the text of an earlier one",
                           std::count(repeats.begin(), repeats.end(), near), train));
  measure_contradictions(what, profile);
  // The clusters whose smallest row is a training row.
  int64_t clusters = 0;
  for (int64_t row = 0; row < train; ++row) clusters += what.clusters.of_row[static_cast<size_t>(row)] == row;
  profile.set({.name = "clusters",
               .title = "groups of rows that must stay together",
               .value = static_cast<double>(clusters),
               .unit = FigureUnit::count,
               .n = train});
  measure_overlap(what, train, profile);
}

}  // namespace attune::selection
