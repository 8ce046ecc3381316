#include "attune/tasks/model_record.h"

#include <algorithm>
#include <cmath>

#include "attune/base/files.h"
#include "attune/tasks/probe.h"

namespace attune::tasks {
namespace {

using nlohmann::json;

[[noreturn]] void refuse_record(const fs::path& path, const std::string& what) {
  fail(ErrorKind::model, "{}: {}; restore the file, or remove it to open the folder as Hugging Face does",
       path.string(), what);
}

json as_json(const losses::LossOptions& options) {
  json given = json::object();
  if (!options.class_weights.empty()) given["class_weights"] = options.class_weights;
  if (!options.positive_weights.empty()) given["pos_weight"] = options.positive_weights;
  if (options.label_smoothing != 0) given["label_smoothing"] = options.label_smoothing;
  return given;
}

bool is_number(const json& value) {
  return value.is_number() && std::isfinite(value.get<double>());
}

// loss_options[key]: a weight for each of `outputs`; empty where there is none.
std::vector<double> weights_of(const json& options, const char* key, int64_t outputs, const fs::path& path) {
  if (!options.contains(key)) return {};
  const json& weights = options[key];
  const auto fits = [](const json& weight) { return is_number(weight) && weight.get<double>() >= 0; };
  if (!weights.is_array() || static_cast<int64_t>(weights.size()) != outputs ||
      !std::all_of(weights.begin(), weights.end(), fits))
    refuse_record(path, fmt::format("loss_options: '{}' is {}, expected a weight for each of the {} labels", key,
                                    weights.dump(), outputs));
  return weights.get<std::vector<double>>();
}

}  // namespace

json read_record(const fs::path& folder) {
  const fs::path path = folder / kRecordFile;
  if (!fs::exists(path)) return nullptr;
  json record = json::parse(read_file(path), nullptr, false);
  if (!record.is_object()) refuse_record(path, "not a JSON object");
  for (const char* key : {"task", "pooling", "decoding", "loss"})
    if (record.contains(key) && !record[key].is_string())
      refuse_record(path, fmt::format("'{}' is {}, expected a name", key, record[key].dump()));
  for (const char* key : {"pairs", "own_link"})
    if (record.contains(key) && !record[key].is_boolean())
      refuse_record(path, fmt::format("'{}' is {}, expected true or false", key, record[key].dump()));
  if (record.contains("task"))
    with_context([&] { return "in " + path.string(); }, [&] { task_named(record["task"].get<std::string>()); });
  if (record.contains("decoding"))
    with_context([&] { return "in " + path.string(); }, [&] { decoding_named(record["decoding"].get<std::string>()); });
  return record;
}

std::optional<std::string> recorded_task(const json& record) {
  if (!record.is_object() || !record.contains("task")) return std::nullopt;
  return record["task"].get<std::string>();
}

std::optional<models::Pooling> recorded_pooling(const json& record) {
  if (!record.is_object() || !record.contains("pooling")) return std::nullopt;
  return record["pooling"] == "mean" ? models::Pooling::mean : models::Pooling::first;
}

std::optional<std::string> recorded_loss_name(const json& record) {
  if (!record.is_object() || !record.contains("loss")) return std::nullopt;
  return record["loss"].get<std::string>();
}

bool has_own_link(const json& record) {
  return record.is_object() && record.value("own_link", false);
}

std::unique_ptr<losses::Loss> recorded_loss(const ModelBundle& bundle) {
  const losses::TargetKind targets = bundle.task->loss;
  const auto name = recorded_loss_name(bundle.record);
  if (!name) return losses::make_loss(losses::default_loss(targets), targets, {});
  const fs::path path = bundle.source / kRecordFile;
  losses::LossOptions told;
  if (bundle.record.contains("loss_options")) {
    const json& options = bundle.record["loss_options"];
    if (!options.is_object()) refuse_record(path, fmt::format("'loss_options' is {}", options.dump()));
    told.class_weights = weights_of(options, "class_weights", bundle.logit_count(), path);
    told.positive_weights = weights_of(options, "pos_weight", bundle.logit_count(), path);
    const json smoothing = options.value("label_smoothing", json(0));
    if (!is_number(smoothing))
      refuse_record(path, fmt::format("loss_options: 'label_smoothing' is {}, expected a number", smoothing.dump()));
    told.label_smoothing = smoothing.get<double>();
  }
  try {
    return losses::make_loss(*name, targets, told);
  } catch (const Error& error) {
    refuse_record(path, error.what());
  }
}

void apply_record(ModelBundle& bundle) {
  const fs::path path = bundle.source / kRecordFile;
  OptionList list;
  bundle.encode.visit(list);
  json cut = json::object();
  for (const char* key : {"max_length", "truncate"})
    if (bundle.record.contains(key)) cut[key] = bundle.record[key];
  list.set_from_json(cut, path.string());
  if (bundle.record.contains("decoding"))
    bundle.decoding = decoding_named(bundle.record["decoding"].get<std::string>());
  if (bundle.record.contains("pairs")) bundle.pairs = bundle.record["pairs"].get<bool>();
  if (!bundle.record.contains("thresholds")) return;
  const json& thresholds = bundle.record["thresholds"];
  if (!thresholds.is_array() || static_cast<int>(thresholds.size()) != bundle.labels.size() ||
      !std::all_of(thresholds.begin(), thresholds.end(), [](const json& value) { return value.is_number(); }))
    refuse_record(path, fmt::format("'thresholds' is {}, expected a number for each of the {} labels",
                                    thresholds.dump(), bundle.labels.size()));
  bundle.thresholds = thresholds.get<std::vector<double>>();
}

void write_record(const ModelBundle& bundle, const fs::path& folder, json record) {
  record["task"] = bundle.task->name;
  record["labels"] = bundle.labels.names();
  record["max_length"] = bundle.encode.max_length;
  record["truncate"] = bundle.encode.truncate;
  record["pooling"] = bundle.model->head().pooling == models::Pooling::mean ? "mean" : "cls";
  if (bundle.task->kind == TaskKind::tag) record["decoding"] = name(bundle.decoding);
  if (!bundle.thresholds.empty()) record["thresholds"] = bundle.thresholds;
  record.erase("pairs");
  if (bundle.pairs) record["pairs"] = *bundle.pairs;
  record["loss"] = bundle.loss->name();
  record.erase("loss_options");
  if (const json told = as_json(bundle.loss->options()); !told.empty()) record["loss_options"] = told;
  record.erase("own_link");
  if (bundle.loss->link()) record["own_link"] = true;
  with_device(bundle, [&](kernels::Kernels& kernels) { record["probe"] = make_probe(*bundle.model, kernels); });
  write_file_atomically(folder / kRecordFile, record.dump(2) + "\n");
}

}  // namespace attune::tasks
