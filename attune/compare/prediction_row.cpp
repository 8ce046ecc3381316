#include "attune/compare/prediction_row.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "attune/base/error.h"

namespace attune::compare {
namespace {

using data::TargetKind;
using nlohmann::json;

constexpr double kNoLogit = -std::numeric_limits<double>::infinity();

[[noreturn]] void refuse(const std::string& where, const std::string& what) {
  fail(ErrorKind::input, "{}: {}", where, what);
}

// A label, an id: a text, or a number as it is written.
std::string word_of(const json& value, const char* key, const std::string& where) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer() || value.is_boolean()) return value.dump();
  refuse(where, fmt::format("\"{}\" is {}; expected a text or a whole number", key, value.dump()));
}

double number_of(const json& value, const char* key, const std::string& where) {
  if (!value.is_number()) refuse(where, fmt::format("\"{}\" is {}; expected a number", key, value.dump()));
  return value.get<double>();
}

std::vector<std::string> words_of(const json& value, const char* key, const std::string& where) {
  if (!value.is_array()) refuse(where, fmt::format("\"{}\" is {}; expected a list", key, value.dump()));
  std::vector<std::string> words;
  for (const json& each : value) words.push_back(word_of(each, key, where));
  return words;
}

// Numbers by label: {"label": number}, or a list, whose places are the labels 0, 1, ...
std::vector<std::pair<std::string, double>> by_label(const json& value, const char* key, const std::string& where) {
  std::vector<std::pair<std::string, double>> numbers;
  if (value.is_array())
    for (size_t i = 0; i < value.size(); ++i) numbers.emplace_back(std::to_string(i), number_of(value[i], key, where));
  else if (value.is_object())
    for (const auto& [label, number] : value.items()) numbers.emplace_back(label, number_of(number, key, where));
  else
    refuse(where, fmt::format("\"{}\" is {}; expected an object of labels and numbers, or a list", key, value.dump()));
  return numbers;
}

void read_numbers(const json& line, TargetKind kind, const std::string& where, PredictionRow& row) {
  if (line.contains("probabilities")) {
    row.logits = by_label(line["probabilities"], "probabilities", where);
    for (auto& [label, p] : row.logits) {
      if (!(p >= 0 && p <= 1 + 1e-6)) refuse(where, fmt::format("the probability of '{}' is {}", label, p));
      row.probability_sum += p;
      p = p <= 0                      ? kNoLogit
          : kind == TargetKind::label ? std::log(p)
          : p >= 1                    ? -kNoLogit
                                      : std::log(p) - std::log1p(-p);
    }
  } else if (line.contains("logits")) {
    row.logits = by_label(line["logits"], "logits", where);
    row.probability_sum = 1;
  }
}

void read_places(const json& line, const char* key, const std::string& where, PredictionRow& row) {
  row.has_places = row.has_prediction = true;
  row.places_are_words = std::string_view(key) == "words";
  if (!line[key].is_array()) refuse(where, fmt::format("\"{}\" is no list", key));
  for (const json& each : line[key]) {
    if (!each.is_object() || !each.contains("label") || !each.contains("start") || !each.contains("end"))
      refuse(where, fmt::format("\"{}\" holds {}; expected label, start and end", key, each.dump()));
    row.entities.push_back({word_of(each["label"], "label", where),
                            static_cast<int64_t>(number_of(each["start"], "start", where)),
                            static_cast<int64_t>(number_of(each["end"], "end", where))});
  }
}

void read_ranks(const json& line, const std::string& where, PredictionRow& row) {
  const json gains = line.value("gains", json::array());
  const json& ranks = line["ranks"];
  if (!ranks.is_array() || ranks.empty() || !gains.is_array() || (!gains.empty() && gains.size() != ranks.size()))
    refuse(where,
           "\"ranks\" must be the places of the query's relevant documents, 1 being the first, and \"gains\", if at "
           "all, as many");
  for (size_t i = 0; i < ranks.size(); ++i) {
    const double rank = number_of(ranks[i], "ranks", where);
    const double gain = gains.empty() ? 1 : number_of(gains[i], "gains", where);
    if (!(rank >= 1 && rank == std::floor(rank)) || !(gain > 0 && std::isfinite(gain)))
      refuse(where, fmt::format("the rank {} with the gain {}; expected a whole number from 1, and a gain above 0",
                                rank, gain));
    for (const auto& other : row.relevant)
      if (other.rank == static_cast<int64_t>(rank)) refuse(where, fmt::format("the rank {} stands there twice", rank));
    row.relevant.push_back({static_cast<int64_t>(rank), gain});
  }
  row.has_gold = row.has_prediction = true;
}

// "tags_at": {"0.5": [...]}, which runs of select-loss write; as many tags each as there are.
void read_other_tags(const json& line, const std::string& where, PredictionRow& row) {
  const auto found = line.find("tags_at");
  if (found == line.end()) return;
  if (!found->is_object()) refuse(where, "\"tags_at\" is no object of lists of tags");
  for (const auto& [cut, tags] : found->items()) {
    row.tags_at.emplace_back(cut, words_of(tags, "tags_at", where));
    if (row.tags_at.back().second.size() != row.predicted.size())
      refuse(where, fmt::format("\"tags_at\" has {} tags at '{}', and \"tags\" {}", row.tags_at.back().second.size(),
                                cut, row.predicted.size()));
  }
}

}  // namespace

const std::string& answer_of(const PredictionRow& row) {
  if (!row.predicted.empty()) return row.predicted[0];
  return std::max_element(row.logits.begin(), row.logits.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

TargetKind kind_of(const json& line) {
  if (line.contains("ranks")) return TargetKind::texts;
  if (line.contains("tags") || line.contains("entities") || line.contains("words")) return TargetKind::tags;
  if (line.contains("score")) return TargetKind::score;
  if (line.contains("labels") || (line.contains("gold") && line["gold"].is_array())) return TargetKind::labels;
  return TargetKind::label;
}

PredictionRow prediction_row(const json& line, TargetKind kind, const std::string& where) {
  PredictionRow row;
  if (line.contains("id")) row.id = word_of(line["id"], "id", where);
  if (line.contains("group")) row.group = word_of(line["group"], "group", where);
  row.has_gold = line.contains("gold");
  switch (kind) {
    case TargetKind::label:
      if (row.has_gold) row.gold = {word_of(line["gold"], "gold", where)};
      read_numbers(line, kind, where, row);
      if (line.contains("label")) row.predicted = {word_of(line["label"], "label", where)};
      row.has_prediction = !row.predicted.empty() || !row.logits.empty();
      break;
    case TargetKind::labels:
      if (row.has_gold) row.gold = words_of(line["gold"], "gold", where);
      read_numbers(line, kind, where, row);
      row.has_decision = line.contains("labels");
      row.has_prediction = row.has_decision || !row.logits.empty();
      if (row.has_decision) row.predicted = words_of(line["labels"], "labels", where);
      break;
    case TargetKind::score:
      if (row.has_gold) row.gold_score = number_of(line["gold"], "gold", where);
      row.has_prediction = line.contains("score");
      if (row.has_prediction) row.score = number_of(line["score"], "score", where);
      break;
    case TargetKind::tags:
      if (row.has_gold) row.gold = words_of(line["gold"], "gold", where);
      row.has_prediction = line.contains("tags");
      if (row.has_prediction)
        row.predicted = words_of(line["tags"], "tags", where), read_other_tags(line, where, row);
      else if (line.contains("entities"))
        read_places(line, "entities", where, row);
      else if (line.contains("words"))
        read_places(line, "words", where, row);
      break;
    case TargetKind::texts:
      if (line.contains("ranks")) read_ranks(line, where, row);
      break;
  }
  if (row.has_prediction) return row;
  constexpr const char* kExpected[] = {"\"label\" or \"probabilities\"", "\"labels\" or \"probabilities\"", "\"score\"",
                                       "\"tags\" or \"entities\"", "\"ranks\""};
  refuse(where, fmt::format("no prediction; expected {}, as in the lines before or --task",
                            kExpected[static_cast<size_t>(kind)]));
}

}  // namespace attune::compare
