#include "attune/train/run_record.h"

#include <cmath>

#include "attune/base/files.h"
#include "attune/data/dataset.h"

namespace attune::train {
namespace {

using nlohmann::json;

json number(double value) {
  return metrics::json_number<json>(value);
}
double number(const json& value) {
  return value.is_null() ? metrics::kUndefined : value.get<double>();
}

json thresholds(const std::vector<metrics::RoutingRow>& levels) {
  json list = json::array();
  for (const auto& level : levels) list.push_back(level.reachable ? json(level.threshold) : json(nullptr));
  return list;
}

std::vector<metrics::RoutingRow> levels(const json& precisions, const json& thresholds) {
  std::vector<metrics::RoutingRow> rows;
  for (size_t i = 0; i < precisions.size(); ++i) {
    const json& threshold = thresholds.at(i);
    rows.push_back({.precision_wanted = precisions.at(i).get<double>(),
                    .reachable = !threshold.is_null(),
                    .threshold = number(threshold)});
  }
  return rows;
}

json routing_record(const report::Report& report) {
  const report::Routing& routing = *report.routing;
  json precisions = json::array(), classes = json::object();
  for (const auto& level : routing.table.overall) precisions.push_back(level.precision_wanted);
  for (const auto& one : routing.table.by_class)
    classes[report.labels.at(static_cast<size_t>(one.label))] = thresholds(one.own);
  return {{"chosen_on", routing.chosen_on},
          {"precisions", precisions},
          {"overall", thresholds(routing.table.overall)},
          {"by_class", classes}};
}

report::Routing read_routing(const json& record, const data::Labels& labels) {
  report::Routing routing{.table = {}, .chosen_on = record.at("chosen_on").get<std::string>()};
  const json& precisions = record.at("precisions");
  routing.table.overall = levels(precisions, record.at("overall"));
  for (const auto& [name, own] : record.at("by_class").items())
    if (const int label = labels.find(name); label >= 0)
      routing.table.by_class.push_back({label, levels(precisions, own), {}});
  return routing;
}

json ladder_record(const report::Ladder& ladder) {
  json rows = json::array();
  for (const auto& row : ladder.rows) {
    if (row.fine_tuned) continue;
    std::string correct;
    for (const uint8_t right : row.correct) correct += right ? '1' : '0';
    rows.push_back({{"name", row.name},
                    {"score", number(row.score)},
                    {"interval", row.interval ? json::array({number(row.interval->low), number(row.interval->high)})
                                              : json(nullptr)},
                    {"seconds", number(row.seconds)},
                    {"correct", correct}});
  }
  return {{"metric", ladder.metric}, {"split", ladder.split}, {"rows", rows}};
}

report::Ladder read_ladder(const json& record) {
  report::Ladder ladder{.metric = record.at("metric").get<std::string>(),
                        .split = record.at("split").get<std::string>()};
  for (const json& row : record.at("rows")) {
    report::LadderRow& rung = ladder.rows.emplace_back();
    rung.name = row.at("name").get<std::string>();
    rung.score = number(row.at("score"));
    rung.seconds = number(row.at("seconds"));
    if (const json& interval = row.at("interval"); !interval.is_null())
      rung.interval = metrics::Interval{number(interval.at(0)), number(interval.at(1))};
    for (const char right : row.at("correct").get<std::string>()) rung.correct.push_back(right == '1');
  }
  return ladder;
}

}  // namespace

std::string rows_fingerprint(const data::Dataset& dataset) {
  const data::Examples& examples = dataset.examples;
  Sha256 hash;
  fmt::memory_buffer line;
  for (size_t row = 0; row < examples.size(); ++row) {
    const data::ExampleView example = examples.view(row);
    line.clear();
    fmt::format_to(std::back_inserter(line), "{:016x} {} {}", example.input_hash, example.score, example.label_count);
    for (int32_t i = 0; i < example.label_count; ++i) {
      const std::string_view label = examples.label_of(example, i);
      fmt::format_to(std::back_inserter(line), " {} {}", label.size(), label);
    }
    line.push_back('\n');
    hash.add({line.data(), line.size()});
  }
  return hash.hex();
}

json judgement_record(const report::Report& report, const Split& train, const Split* dev, const Split* test) {
  json record;
  for (const Split* split : {&train, dev, test})
    if (split) record["splits"][split->name] = {{"rows", split->rows()}, {"sha256", rows_fingerprint(split->data)}};
  if (report.routing) record["routing"] = routing_record(report);
  if (report.ladder) record["ladder"] = ladder_record(*report.ladder);
  return record;
}

RunRecord read_run_record(const tasks::ModelBundle& bundle) {
  RunRecord run;
  const json& record = bundle.record;
  if (!record.is_object()) return run;
  try {
    run.trained = record.contains("run");
    if (run.trained) run.seconds = record["run"].value("seconds", metrics::kUndefined);
    if (record.contains("splits"))
      for (const auto& [name, split] : record["splits"].items())
        run.splits[name] = split.at("sha256").get<std::string>();
    if (record.contains("routing")) run.routing = read_routing(record["routing"], bundle.labels);
    if (record.contains("ladder")) run.ladder = read_ladder(record["ladder"]);
  } catch (const json::exception& error) {
    fail(ErrorKind::model,
         "{}: 'run', 'splits', 'routing' or 'ladder' is not as attune writes it ({}); restore the file, or remove them",
         (bundle.source / "attune.json").string(), error.what());
  }
  return run;
}

}  // namespace attune::train
