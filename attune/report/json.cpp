#include "attune/report/json.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "attune/base/error.h"
#include "attune/base/utf8.h"
#include "attune/report/verdict.h"

namespace attune::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr auto* number = metrics::json_number<Json>;

Json interval(const metrics::Interval& interval) {
  return Json::array({number(interval.low), number(interval.high)});
}
std::string safe(const std::string& text) {
  return utf8::repaired(text);
}

Json prf(const metrics::PRF& prf) {
  return {{"precision", number(prf.precision)}, {"recall", number(prf.recall)}, {"f1", number(prf.f1)}};
}

Json table(const metrics::ClassTable& table, const std::vector<std::string>& names) {
  Json classes = Json::array();
  for (const metrics::ClassRow& row : table.rows) {
    Json entry = {{"label", safe(label_name(names, row.label))}};
    entry.update(prf(row.prf));
    entry["support"] = row.count.gold;
    entry["predicted"] = row.count.predicted;
    classes.push_back(std::move(entry));
  }
  return {{"per_class", std::move(classes)},
          {"averages", {{"micro", prf(table.micro)}, {"macro", prf(table.macro)}, {"weighted", prf(table.weighted)}}}};
}

Json confusion(const std::vector<metrics::ConfusionCell>& cells) {
  Json list = Json::array();
  for (const auto& cell : cells) list.push_back(Json::array({cell.gold, cell.predicted, cell.count}));
  return list;
}

Json most_confused(const std::vector<metrics::ConfusionCell>& cells, const std::vector<std::string>& names) {
  Json list = Json::array();
  for (const auto& cell : metrics::most_confused(cells, 20)) {
    list.push_back({{"gold", safe(label_name(names, cell.gold))},
                    {"predicted", safe(label_name(names, cell.predicted))},
                    {"rows", cell.count}});
  }
  return list;
}

Json calibration(const metrics::CalibrationBins& bins) {
  Json list = Json::array();
  for (size_t b = 0; b < bins.size(); ++b) {
    const auto rows = static_cast<double>(bins[b].rows);
    list.push_back({{"above", static_cast<double>(b) / static_cast<double>(bins.size())},
                    {"up_to", static_cast<double>(b + 1) / static_cast<double>(bins.size())},
                    {"rows", bins[b].rows},
                    {"confidence", number(bins[b].confidence / rows)},
                    {"accuracy", number(static_cast<double>(bins[b].correct) / rows)}});
  }
  return list;
}

struct DetailWriter {
  const Report& report;
  Json& out;

  void operator()(std::monostate) const {}
  void operator()(const metrics::RegressionResult&) const {}
  void operator()(const metrics::RetrievalResult& result) const {
    out["queries"] = result.queries;
    out["documents"] = result.documents;
  }
  void operator()(const metrics::ClassificationResult& result) const {
    out.update(table(result.table, report.labels));
    out["confusion"] = confusion(result.confusion);
    out["most_confused"] = most_confused(result.confusion, report.labels);
    out["calibration"] = calibration(result.calibration);
  }
  void operator()(const metrics::MultiLabelResult& result) const {
    out.update(table(result.table, report.labels));
    for (size_t i = 0; i < result.table.rows.size(); ++i) {
      const int32_t label = result.table.rows[i].label;
      out["per_class"][i]["auroc"] = number(result.ranks[label].auroc);
      out["per_class"][i]["average_precision"] = number(result.ranks[label].average_precision);
      out["per_class"][i]["threshold"] = result.thresholds[label];
    }
  }
  void operator()(const metrics::TaggingResult& result) const {
    out["entities"] = table(result.entities, report.entity_types);
    out["entities_strict"] = table(result.strict_entities, report.entity_types);
    out["tokens"] = table(result.tokens, report.labels);
    out["confusion"] = confusion(result.confusion);
    out["words"] = result.words;
    out["cut_off_words"] = result.cut_off_words;
  }
};

Json truncation(const Truncation& cut) {
  return {{"max_length", cut.max_length}, {"rows", cut.rows},
          {"rows_cut", cut.rows_cut},     {"pieces", cut.pieces},
          {"pieces_cut", cut.pieces_cut}, {"words", cut.words},
          {"words_cut", cut.words_cut},   {"entity_words_cut", cut.entity_words_cut}};
}

Json mistakes(const Split& split, bool with_text) {
  Json list = Json::array();
  for (const Mistake& one : split.mistakes) {
    Json entry = {{"file", safe(one.file)}, {"line", one.line}};
    if (!one.place.empty()) entry["place"] = safe(one.place);
    entry["gold"] = safe(one.gold);
    entry["predicted"] = safe(one.predicted);
    entry["probability"] = number(one.probability);
    if (with_text) entry["text"] = safe(one.text);
    list.push_back(std::move(entry));
  }
  return list;
}

Json split_json(const Report& report, const Split& split) {
  Json out = Json::object(), intervals = Json::object(), undefined = Json::object();
  for (const metrics::Score& score : split.scores) {
    out[score.name] = number(score.value);
    if (score.interval) intervals[score.name] = interval(*score.interval);
    if (!score.defined()) undefined[score.name] = score.note;
  }
  out["rows"] = split.rows;
  out["files"] = safe(split.files);
  if (!std::isnan(split.seconds)) out["seconds"] = split.seconds;
  if (!intervals.empty()) out["intervals"] = std::move(intervals);
  if (!undefined.empty()) out["undefined"] = std::move(undefined);
  std::visit(DetailWriter{report, out}, split.detail);
  if (split.thresholds_chosen_here) out["thresholds_chosen_on_these_rows"] = true;
  if (split.truncation) out["truncation"] = truncation(*split.truncation);
  if (!split.mistakes.empty()) out["mistakes"] = mistakes(split, report.show_texts);
  return out;
}

Json ladder(const Ladder& ladder) {
  Json rows = Json::array();
  for (const LadderRow& row : ladder.rows) {
    rows.push_back({{"name", safe(row.name)},
                    {"score", number(row.score)},
                    {"interval", row.interval ? interval(*row.interval) : Json(nullptr)},
                    {"seconds", number(row.seconds)},
                    {"fine_tuned", row.fine_tuned}});
  }
  static constexpr const char* kPays[] = {"unknown", "yes", "not shown", "no"};
  const Verdict verdict = judge(ladder);
  return {{"metric", ladder.metric},
          {"split", safe(ladder.split)},
          {"rows", std::move(rows)},
          {"pays", kPays[static_cast<int>(verdict.pays)]},
          {"verdict", safe(verdict.text)}};
}

Json routing_level(const metrics::RoutingRow& row) {
  return {{"precision_wanted", row.precision_wanted},
          {"reachable", row.reachable},
          {"threshold", number(row.threshold)},
          {"rows", row.rows},
          {"routed", row.routed},
          {"correct", row.correct},
          {"share", number(row.share)},
          {"share_interval", interval(row.share_interval)},
          {"precision", number(row.precision)},
          {"precision_interval", interval(row.precision_interval)}};
}

Json routing_levels(const std::vector<metrics::RoutingRow>& rows) {
  Json list = Json::array();
  for (const auto& row : rows) list.push_back(routing_level(row));
  return list;
}

Json routing(const Report& report) {
  const Routing& routing = *report.routing;
  Json classes = Json::array();
  for (const metrics::ClassRouting& row : routing.table.by_class) {
    classes.push_back({{"predicted", safe(label_name(report.labels, row.label))},
                       {"own_thresholds", routing_levels(row.own)},
                       {"overall_thresholds", routing_levels(row.at_overall)}});
  }
  return {{"chosen_on", safe(routing.chosen_on)},
          {"judged_on", safe(routing.judged_on)},
          {"same_rows", routing.table.same_rows},
          {"overall", routing_levels(routing.table.overall)},
          {"by_class", std::move(classes)}};
}

Json curve(const Report& report) {
  Json list = Json::array();
  for (const CurvePoint& point : report.curve) {
    list.push_back(
        {{"step", point.step}, {"epoch", point.epoch}, {"loss", number(point.loss)}, {"lr", number(point.lr)}});
  }
  return list;
}

Json evaluations(const Report& report) {
  Json list = Json::array();
  for (const EvaluationPoint& point : report.evaluations) {
    list.push_back(
        {{"step", point.step}, {headline_metric(report), number(point.score)}, {"loss", number(point.loss)}});
  }
  return list;
}

}  // namespace

nlohmann::ordered_json to_json(const Report& report) {
  Json out = {{"format", 1}, {"title", safe(report.title)}, {"task", safe(report.task)}, {"model", safe(report.model)}};
  for (const Split& split : report.splits) out[safe(split.name)] = split_json(report, split);
  if (report.ladder) out["ladder"] = ladder(*report.ladder);
  if (report.routing) out["routing"] = routing(report);
  Json labels = Json::array(), facts = Json::object();
  for (const std::string& label : report.labels) labels.push_back(safe(label));
  if (!labels.empty()) out["labels"] = std::move(labels);
  if (!report.notes.empty()) {
    for (const std::string& note : report.notes) out["notes"].push_back(safe(note));
  }
  for (const auto& [name, value] : report.facts) facts[safe(name)] = safe(value);
  if (!facts.empty()) out["facts"] = std::move(facts);
  if (!report.data_json.empty()) {
    out["data"] = Json::parse(utf8::repaired(report.data_json), nullptr, false);
    ATTUNE_CHECK(!out["data"].is_discarded(), "the data report is not JSON: {}", report.data_json.substr(0, 60));
  }
  if (!report.curve.empty()) out["curve"] = curve(report);
  if (!report.evaluations.empty()) out["evaluations"] = evaluations(report);
  return out;
}

std::string json_text(const Report& report) {
  return to_json(report).dump(2) + "\n";
}

}  // namespace attune::report
