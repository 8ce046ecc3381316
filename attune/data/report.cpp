#include "attune/data/report.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "attune/base/blanks.h"
#include "attune/base/error.h"
#include "attune/base/utf8.h"
#include "attune/data/first_rows.h"
#include "attune/data/labels.h"
#include "attune/data/tag_scheme.h"

namespace attune::data {
namespace {

constexpr size_t kMostPlaces = 5;
constexpr double kManyUnknown = 0.01, kManyTruncated = 0.05, kManyDuplicates = 0.01;

double share(int64_t part, int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

// The labels in an order of their own where that does not count.
std::vector<std::string_view> label_set(const Examples& examples, const ExampleView& row, TargetKind target) {
  std::vector<std::string_view> labels;
  for (int32_t i = 0; i < row.label_count; ++i) labels.push_back(examples.label_of(row, i));
  if (target != TargetKind::labels) return labels;
  std::sort(labels.begin(), labels.end());
  labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
  return labels;
}

// True where the two rows ask for different answers.
bool targets_differ(const Examples& examples_a, size_t row_a, const Examples& examples_b, size_t row_b,
                    TargetKind target) {
  const ExampleView a = examples_a.view(row_a), b = examples_b.view(row_b);
  if (!a.has_target || !b.has_target) return false;
  if (target == TargetKind::score || target == TargetKind::texts) {
    if (a.score != b.score) return true;
    if (target == TargetKind::score) return false;
  }
  if (target == TargetKind::label && a.label_count == 1 && b.label_count == 1)
    return examples_a.label_of(a, 0) != examples_b.label_of(b, 0);
  return label_set(examples_a, a, target) != label_set(examples_b, b, target);
}

std::vector<LabelCount> sorted_counts(const std::map<std::string, int64_t>& counts) {
  std::vector<std::string> names;
  for (const auto& [label, count] : counts) names.push_back(label);
  std::vector<LabelCount> sorted;
  const Labels order = Labels::sorted(std::move(names));
  for (const auto& label : order.names()) sorted.push_back({label, counts.at(label)});
  return sorted;
}

void count_targets(const Examples& examples, TargetKind target, SplitProfile& profile) {
  std::vector<int64_t> counts(examples.label_names().size(), 0);  // by number of the label
  for (size_t row = 0; row < examples.size(); ++row) {
    const ExampleView example = examples.view(row);
    profile.unlabelled += !example.has_target;
    if (!example.has_target) continue;
    profile.without_label += target == TargetKind::labels && example.label_count == 0;
    for (int32_t i = 0; i < example.label_count; ++i) ++counts[static_cast<size_t>(example.label(i))];
  }
  std::map<std::string, int64_t> labels, entities;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    const std::string& label = examples.label_names()[i];
    labels[label] = counts[i];
    if (target != TargetKind::tags) continue;
    if (const SplitTag tag = split_tag(label); tag.prefix == 'B') entities[std::string(tag.type)] += counts[i];
  }
  profile.labels = sorted_counts(labels);
  profile.entities = sorted_counts(entities);
}

void describe_scores(const Examples& examples, SplitProfile& profile) {
  ScoreProfile scores;
  double sum = 0, squares = 0;
  int64_t count = 0;
  const auto for_each = [&](const auto& visit) {
    for (size_t row = 0; row < examples.size(); ++row)
      if (const ExampleView example = examples.view(row); example.has_target) visit(example.score);
  };
  for_each([&](double score) {
    scores.min = count ? std::min(scores.min, score) : score;
    scores.max = count ? std::max(scores.max, score) : score;
    sum += score;
    ++count;
  });
  if (count == 0) return;
  scores.mean = sum / static_cast<double>(count);
  for_each([&](double score) { squares += (score - scores.mean) * (score - scores.mean); });
  scores.deviation = std::sqrt(squares / static_cast<double>(count));
  profile.scores = scores;
}

bool blank(std::string_view text) {
  return trimmed(text).empty();
}

void describe_texts(const Examples& examples, SplitProfile& profile) {
  std::vector<int32_t> characters;
  characters.reserve(examples.size());
  for (size_t row = 0; row < examples.size(); ++row) {
    const ExampleView example = examples.view(row);
    // Of an embedding task every text counts by itself.
    profile.empty_texts +=
        blank(example.text) || (profile.shape != TextShape::none && example.has_pair && blank(example.text_pair));
    profile.pairs += example.has_pair;
    profile.words += example.word_count;
    characters.push_back(static_cast<int32_t>(utf8::length(example.text) + utf8::length(example.text_pair)));
  }
  profile.characters = quantiles_of(std::move(characters));
}

// Hashes of the first or second texts, each once, in order.
std::vector<uint64_t> different_texts(const Examples& examples, bool second) {
  std::vector<uint64_t> hashes;
  hashes.reserve(examples.size());
  for (size_t row = 0; row < examples.size(); ++row) {
    const ExampleView example = examples.view(row);
    hashes.push_back(text_hash(second ? example.text_pair : example.text));
  }
  std::sort(hashes.begin(), hashes.end());
  hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
  return hashes;
}

// `other`: the first split, where this is another one.
void describe_pairs(const Dataset& data, const Dataset* other, SplitProfile& profile) {
  PairProfile pairs;
  pairs.first = std::ssize(different_texts(data.examples, false));
  pairs.second = std::ssize(different_texts(data.examples, true));
  if (data.corpus) pairs.documents = static_cast<int64_t>(data.corpus->size());
  const auto known = other ? different_texts(other->examples, true) : std::vector<uint64_t>{};
  for (size_t row = 0; row < data.examples.size(); ++row) {
    const ExampleView example = data.examples.view(row);
    pairs.negatives += example.negative_count > 0;
    pairs.second_in_other += std::binary_search(known.begin(), known.end(), text_hash(example.text_pair));
  }
  profile.belonging = pairs;
}

FirstRows find_duplicates(const Dataset& data, TargetKind target, SplitProfile& profile) {
  const Examples& examples = data.examples;
  FirstRows first(examples);
  for (size_t row = 0; row < examples.size(); ++row) {
    const auto earlier = static_cast<size_t>(first.add(static_cast<int32_t>(row)));
    if (earlier == row) continue;
    const auto places = [&] {
      return RowPair{data.describe(examples.view(earlier).origin), data.describe(examples.view(row).origin)};
    };
    ++profile.duplicates;
    if (profile.duplicate_places.size() < kMostPlaces) profile.duplicate_places.push_back(places());
    if (!targets_differ(examples, row, examples, earlier, target)) continue;
    ++profile.conflicts;
    if (profile.conflict_places.size() < kMostPlaces) profile.conflict_places.push_back(places());
  }
  return first;
}

Overlap find_overlap(const SplitInput& split, const SplitInput& other, const FirstRows& rows, TargetKind target) {
  Overlap overlap{split.name, other.name, 0, 0, {}};
  const Examples &examples = split.data->examples, &others = other.data->examples;
  for (size_t row = 0; row < examples.size(); ++row) {
    const int32_t found = rows.find(examples.view(row).input_hash);
    if (found == FirstRows::kNone) continue;
    const auto there = static_cast<size_t>(found);
    ++overlap.rows;
    overlap.other_target += targets_differ(examples, row, others, there, target);
    if (overlap.places.size() < kMostPlaces)
      overlap.places.push_back(
          {split.data->describe(examples.view(row).origin), other.data->describe(others.view(there).origin)});
  }
  return overlap;
}

std::vector<UnevenLabel> find_uneven_labels(const std::vector<SplitProfile>& splits) {
  std::map<std::string, std::set<std::string>> where;
  std::vector<std::string> labelled;
  for (const auto& split : splits) {
    if (split.unlabelled == split.rows) continue;
    labelled.push_back(split.name);
    for (const auto& each : split.labels) where[each.label].insert(split.name);
  }
  std::vector<UnevenLabel> uneven;
  for (const auto& [label, names] : where) {
    if (names.size() == labelled.size()) continue;
    UnevenLabel one{label, {}, {}};
    for (const auto& name : labelled) (names.contains(name) ? one.present : one.absent).push_back(name);
    uneven.push_back(std::move(one));
  }
  return uneven;
}

std::string percent(double value) {
  return fmt::format("{:.1f}%", 100 * value);
}

void warn_of_split(const SplitProfile& split, std::vector<std::string>& warnings) {
  const auto warn = [&](std::string text) { warnings.push_back(split.name + ": " + std::move(text)); };
  if (split.empty_texts) warn(fmt::format("{} of {} rows have no text", split.empty_texts, split.rows));
  if (share(split.duplicates, split.rows) > kManyDuplicates)
    warn(fmt::format("{} rows ({}) repeat an earlier row's text", split.duplicates,
                     percent(share(split.duplicates, split.rows))));
  if (split.conflicts)
    warn(fmt::format("{} rows have the text of an earlier row and another target (first: {} and {})", split.conflicts,
                     split.conflict_places[0].first, split.conflict_places[0].second));
  if (!split.encoding) return;
  const EncodeCounts& counts = *split.encoding;
  if (share(counts.unknown, counts.pieces) > kManyUnknown)
    warn(fmt::format("{} of the pieces are unknown to the vocabulary: does it fit the language?",
                     percent(share(counts.unknown, counts.pieces))));
  if (share(counts.rows_truncated, counts.rows) > kManyTruncated)
    warn(fmt::format("{} of the rows are truncated ({} of the pieces lost); a larger --max-length keeps more",
                     percent(share(counts.rows_truncated, counts.rows)),
                     percent(share(counts.pieces_lost, counts.pieces))));
  if (counts.words_lost)
    warn(fmt::format("{} words ({} of them in entities) are cut off and count as O", counts.words_lost,
                     counts.entity_words_lost));
}

void warn_across(const DataReport& report, std::vector<std::string>& warnings) {
  for (const auto& overlap : report.overlaps)
    if (overlap.rows)
      warnings.push_back(fmt::format("{} rows of {} stand in {} too (first: {} and {}): its score will flatter",
                                     overlap.rows, overlap.split, overlap.other, overlap.places[0].first,
                                     overlap.places[0].second));
  for (const auto& uneven : report.uneven_labels)
    warnings.push_back(fmt::format("label '{}' is in {} and not in {}", uneven.label, fmt::join(uneven.present, ", "),
                                   fmt::join(uneven.absent, ", ")));
}

}  // namespace

DataReport profile_data(std::span<const SplitInput> splits, TargetKind target, int max_length) {
  DataReport report;
  report.target = target;
  report.max_length = max_length;
  std::vector<FirstRows> rows;
  for (const SplitInput& split : splits) {
    SplitProfile profile;
    profile.name = split.name;
    profile.files = split.data->files;
    profile.rows = static_cast<int64_t>(split.data->examples.size());
    count_targets(split.data->examples, target, profile);
    profile.shape = split.data->shape;
    const bool scored = target == TargetKind::score || profile.shape == TextShape::scored;
    if (profile.shape == TextShape::pairs)
      describe_pairs(*split.data, report.splits.empty() ? nullptr : splits[0].data, profile);
    if (scored) describe_scores(split.data->examples, profile);
    describe_texts(split.data->examples, profile);
    rows.push_back(find_duplicates(*split.data, target, profile));
    if (split.encoded) {
      const auto lengths = split.encoded->full_lengths();
      profile.pieces = quantiles_of({lengths.begin(), lengths.end()});
      profile.encoding = split.encoded->counts();
    }
    for (const auto& note : split.data->notes)
      if (std::find(report.notes.begin(), report.notes.end(), note) == report.notes.end()) report.notes.push_back(note);
    report.splits.push_back(std::move(profile));
  }
  for (size_t s = 1; s < splits.size(); ++s)
    for (size_t other = 0; other < s; ++other)
      report.overlaps.push_back(find_overlap(splits[s], splits[other], rows[other], target));
  report.uneven_labels = find_uneven_labels(report.splits);
  for (const auto& split : report.splits) warn_of_split(split, report.warnings);
  warn_across(report, report.warnings);
  return report;
}

}  // namespace attune::data
