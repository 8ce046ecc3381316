#include <nlohmann/json.hpp>

#include "attune/data/report.h"

namespace attune::data {
namespace {

using Json = nlohmann::json;

Json to_json(const Quantiles& q) {
  return {{"min", q.min}, {"p25", q.p25}, {"p50", q.p50}, {"p75", q.p75},  {"p90", q.p90},
          {"p95", q.p95}, {"p99", q.p99}, {"max", q.max}, {"mean", q.mean}};
}

Json to_json(const std::vector<LabelCount>& counts) {
  Json list = Json::array();
  for (const auto& each : counts) list.push_back({{"label", each.label}, {"count", each.count}});
  return list;
}

Json to_json(const std::vector<RowPair>& places) {
  Json list = Json::array();
  for (const auto& each : places) list.push_back({each.first, each.second});
  return list;
}

Json to_json(const EncodeCounts& counts) {
  const auto share = [](int64_t part, int64_t whole) {
    return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0.0;
  };
  return {{"rows_truncated", counts.rows_truncated},
          {"rows_truncated_share", share(counts.rows_truncated, counts.rows)},
          {"pieces", counts.pieces},
          {"pieces_lost", counts.pieces_lost},
          {"pieces_lost_share", share(counts.pieces_lost, counts.pieces)},
          {"unknown", counts.unknown},
          {"unknown_share", share(counts.unknown, counts.pieces)},
          {"words", counts.words},
          {"words_lost", counts.words_lost},
          {"entity_words_lost", counts.entity_words_lost},
          {"words_without_piece", counts.words_without_piece},
          {"sentences_in_windows", counts.sentences_in_windows},
          {"windows", counts.windows}};
}

Json to_json(const SplitProfile& split) {
  Json json = {{"name", split.name},
               {"files", split.files},
               {"rows", split.rows},
               {"unlabelled", split.unlabelled},
               {"empty_texts", split.empty_texts},
               {"pairs", split.pairs},
               {"words", split.words},
               {"without_label", split.without_label},
               {"labels", to_json(split.labels)},
               {"entities", to_json(split.entities)},
               {"characters", to_json(split.characters)},
               {"duplicates", split.duplicates},
               {"duplicate_places", to_json(split.duplicate_places)},
               {"conflicts", split.conflicts},
               {"conflict_places", to_json(split.conflict_places)}};
  if (split.scores)
    json["scores"] = {{"min", split.scores->min},
                      {"max", split.scores->max},
                      {"mean", split.scores->mean},
                      {"deviation", split.scores->deviation}};
  if (split.shape != TextShape::none) json["rows_are"] = name(split.shape);
  if (split.belonging)
    json["pairs_of_texts"] = {{"different_first", split.belonging->first},
                              {"different_second", split.belonging->second},
                              {"with_negatives", split.belonging->negatives},
                              {"documents", split.belonging->documents},
                              {"second_in_first_split", split.belonging->second_in_other}};
  if (split.pieces) json["pieces"] = to_json(*split.pieces);
  if (split.encoding) json["encoding"] = to_json(*split.encoding);
  return json;
}

}  // namespace

nlohmann::json to_json(const DataReport& report) {
  constexpr const char* kTargets[] = {"label", "labels", "score", "tags", "texts"};
  Json json = {{"target", kTargets[static_cast<int>(report.target)]},
               {"splits", Json::array()},
               {"overlaps", Json::array()},
               {"uneven_labels", Json::array()},
               {"notes", report.notes},
               {"warnings", report.warnings}};
  json["max_length"] = report.max_length > 0 ? Json(report.max_length) : Json();
  for (const auto& split : report.splits) json["splits"].push_back(to_json(split));
  for (const auto& each : report.overlaps)
    json["overlaps"].push_back({{"split", each.split},
                                {"other", each.other},
                                {"rows", each.rows},
                                {"other_target", each.other_target},
                                {"places", to_json(each.places)}});
  for (const auto& each : report.uneven_labels)
    json["uneven_labels"].push_back({{"label", each.label}, {"present", each.present}, {"absent", each.absent}});
  return json;
}

}  // namespace attune::data
