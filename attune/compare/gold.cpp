#include "attune/compare/gold.h"

#include <unordered_map>

#include "attune/base/error.h"
#include "attune/base/suggest.h"
#include "attune/data/dataset.h"

namespace attune::compare {
namespace {

// Tags of the words from what stands at places of the sentence.
std::vector<std::string> tags_of(const PredictionRow& row, const data::Example& gold, const std::string& where) {
  std::vector<std::string> tags(gold.words.size(), "O");
  for (const PlacedLabel& placed : row.entities) {
    bool any = false;
    for (size_t w = 0; w < tags.size(); ++w) {
      const data::WordSpan& span = gold.word_spans[w];
      if (span.begin < placed.begin || span.end > placed.end) continue;
      tags[w] = row.places_are_words ? placed.label : (any ? "I-" : "B-") + placed.label;
      any = true;
    }
    if (!any)
      fail(ErrorKind::input, "{}: '{}' at characters {} to {} is no word of the sentence in --gold", where,
           placed.label, placed.begin, placed.end);
  }
  return tags;
}

void take(PredictionRow& row, const data::Example& gold, data::TargetKind kind, const std::string& where) {
  row.gold = gold.labels, row.gold_score = gold.score, row.has_gold = true;
  if (kind == data::TargetKind::tags && row.has_places) {
    row.predicted = tags_of(row, gold, where);
    row.has_places = false;
  }
}

}  // namespace

void take_gold(std::vector<PredictionFile>& files, const std::string& path, const data::ReadOptions& options) {
  const data::TargetKind kind = files[0].kind;
  if (kind == data::TargetKind::texts)
    fail(ErrorKind::usage, "--gold: predictions with ranks say themselves what is right; leave it out");
  const data::Dataset gold = data::read_dataset({path}, kind, options);
  std::unordered_map<std::string, size_t> by_id;
  for (size_t i = 0; i < gold.examples.size(); ++i) {
    const data::ExampleView row = gold.examples.view(i);
    if (!row.id.empty()) by_id.emplace(std::string(row.id), i);
  }
  for (PredictionFile& file : files) {
    const bool named = file.has_ids && !by_id.empty();
    if (!named && file.rows.size() != gold.examples.size())
      fail(ErrorKind::input, "{} has {} rows and --gold {} has {}; without ids in both they are matched by their place",
           file.path, file.rows.size(), path, gold.examples.size());
    for (size_t i = 0; i < file.rows.size(); ++i) {
      PredictionRow& row = file.rows[i];
      size_t at = i;
      if (named) {
        const auto found = by_id.find(row.id);
        if (found == by_id.end())
          fail(ErrorKind::input, "{}: --gold {} has no row '{}'", file.where(row), path, row.id);
        at = found->second;
      }
      take(row, gold.examples[at], kind, file.where(row));
    }
  }
}

void check_gold(const std::vector<PredictionFile>& files) {
  for (const PredictionFile& file : files)
    for (const PredictionRow& row : file.rows) {
      if (!row.has_gold)
        fail(ErrorKind::input,
             "{}: no \"gold\"; add what is right to each line, or name the labelled file: --gold FILE",
             file.where(row));
      if (row.has_places)
        fail(ErrorKind::input,
             "{}: entities at places need the words that they stand on: --gold FILE, or give \"tags\"",
             file.where(row));
      if (file.kind == data::TargetKind::tags && row.predicted.size() != row.gold.size())
        fail(ErrorKind::input, "{}: {} tags for {} words", file.where(row), row.predicted.size(), row.gold.size());
    }
}

}  // namespace attune::compare
