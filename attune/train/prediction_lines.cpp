#include "attune/train/prediction_lines.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "attune/base/error.h"
#include "attune/base/json.h"
#include "attune/base/utf8.h"
#include "attune/metrics/correction.h"
#include "attune/metrics/multilabel.h"
#include "attune/metrics/probabilities.h"

namespace attune::train {
namespace {

using Json = nlohmann::ordered_json;

Json named(std::span<const double> probabilities, const data::Labels& labels, int64_t top) {
  std::vector<int> order(probabilities.size());
  std::iota(order.begin(), order.end(), 0);
  if (top > 0) {
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return probabilities[a] > probabilities[b]; });
    order.resize(std::min(order.size(), static_cast<size_t>(top)));
  }
  Json object = Json::object();
  for (const int label : order) object[labels.name(label)] = probabilities[label];
  return object;
}

// Code points [begin, end) of a text.
std::string_view code_points(std::string_view text, int32_t begin, int32_t end) {
  size_t at = 0;
  int32_t point = 0;
  for (; point < begin && at < text.size(); ++point) at += static_cast<size_t>(utf8::decode(text, at).bytes);
  const size_t from = at;
  for (; point < end && at < text.size(); ++point) at += static_cast<size_t>(utf8::decode(text, at).bytes);
  return text.substr(from, at - from);
}

Json place(const data::Example& example, const std::string& label, int32_t first_word, int32_t last_word) {
  const int32_t begin = example.word_spans[first_word].begin, end = example.word_spans[last_word].end;
  return {{"label", label}, {"text", code_points(example.text, begin, end)}, {"start", begin}, {"end", end}};
}

void add_tags(Json& line, const data::Example& example, std::span<const int32_t> tags, const metrics::TagScheme& scheme,
              const data::Labels& labels) {
  if (scheme.has_entities()) {
    Json& list = line["entities"] = Json::array();
    for (const auto& entity : metrics::entities(scheme, tags))
      list.push_back(place(example, scheme.types()[entity.type], entity.begin, entity.end - 1));
    return;
  }
  Json& list = line["words"] = Json::array();
  for (int32_t word = 0; word < static_cast<int32_t>(tags.size()); ++word)
    list.push_back(place(example, tags[word] < 0 ? "" : labels.name(tags[word]), word, word));
}

Json logits_json(const RowLogits& row, size_t outputs) {
  if (row.places.empty()) return row.logits;
  Json words = Json::array();
  for (size_t at = 0; at < row.logits.size(); at += outputs) {
    const auto first = row.logits.begin() + static_cast<std::ptrdiff_t>(at);
    words.push_back(std::vector<float>(first, first + static_cast<std::ptrdiff_t>(outputs)));
  }
  return words;
}

}  // namespace

PredictionLines::PredictionLines(const tasks::ModelBundle& bundle, const LineOptions& options)
    : bundle_(bundle),
      options_(options),
      scheme_(bundle.labels.names()),
      decoder_(bundle.labels.names(), bundle.decoding, bundle.loss.chain()) {
  if (bundle.task->kind == tasks::TaskKind::multilabel)
    thresholds_ = metrics::logit_thresholds(bundle.thresholds, bundle.labels.size());
}

std::string PredictionLines::line(const data::Example& example, const RowLogits& row) const {
  if (!std::all_of(row.logits.begin(), row.logits.end(), [](float z) { return std::isfinite(z); }))
    fail(ErrorKind::numeric,
         "line {}: the model's output is not finite; its weights are damaged, or --precision f32 helps",
         example.origin.line);
  Json line = Json::object();
  if (!example.id.empty()) line["id"] = example.id;
  const data::Labels& labels = bundle_.labels;
  switch (bundle_.task->kind) {
    case tasks::TaskKind::classify: {
      const auto best = std::max_element(row.logits.begin(), row.logits.end()) - row.logits.begin();
      line["label"] = labels.name(static_cast<int>(best));
      line["probabilities"] = named(metrics::softmax(row.logits), labels, options_.top);
      break;
    }
    case tasks::TaskKind::multilabel:
      line["labels"] = Json::array();
      for (int label = 0; label < labels.size(); ++label)
        if (row.logits[label] >= thresholds_[label]) line["labels"].push_back(labels.name(label));
      line["probabilities"] = named(metrics::sigmoids(row.logits), labels, options_.top);
      break;
    case tasks::TaskKind::regress:
      line["score"] = static_cast<double>(row.logits[0]);
      break;
    case tasks::TaskKind::embed:
      break;  // refused by `attune predict`
    case tasks::TaskKind::tag:
      add_tags(line, example, decoder_.decode(example.words.size(), row.places, row.logits).labels, scheme_, labels);
      break;
  }
  if (options_.gold) add_gold(line, example, row);
  if (options_.logits) line["logits"] = logits_json(row, static_cast<size_t>(bundle_.logit_count()));
  return json_line(line);
}

Json PredictionLines::tags_json(const data::Example& example, const RowLogits& row) const {
  Json tags = Json::array();
  for (const int32_t tag : decoder_.decode(example.words.size(), row.places, row.logits).labels)
    tags.push_back(tag < 0 ? "O" : bundle_.labels.name(tag));  // a word that was cut off
  return tags;
}

void PredictionLines::add_other_tags(Json& line, const data::Example& example, const RowLogits& row) const {
  const int outside = bundle_.labels.find(metrics::kOutside);
  if (outside < 0) return;
  RowLogits moved = row;
  const auto outputs = static_cast<size_t>(bundle_.logit_count());
  for (const double cut : metrics::kOutsideCuts) {
    for (size_t at = static_cast<size_t>(outside); at < row.logits.size(); at += outputs)
      moved.logits[at] = row.logits[at] - static_cast<float>(cut);
    if (Json tags = tags_json(example, moved); tags != line["tags"])
      line["tags_at"][metrics::outside_name(cut)] = std::move(tags);
  }
}

void PredictionLines::add_gold(nlohmann::ordered_json& line, const data::Example& example, const RowLogits& row) const {
  switch (bundle_.task->kind) {
    case tasks::TaskKind::classify:
      line["gold"] = example.labels[0];
      break;
    case tasks::TaskKind::multilabel:
      line["gold"] = example.labels;
      break;
    case tasks::TaskKind::regress:
      line["gold"] = example.score;
      break;
    case tasks::TaskKind::tag: {
      line["gold"] = example.labels;
      line["tags"] = tags_json(example, row);
      if (options_.other_tags) add_other_tags(line, example, row);
      break;
    }
    case tasks::TaskKind::embed:
      break;
  }
}

}  // namespace attune::train
