#include "attune/tasks/model_record.h"

#include <algorithm>

#include "attune/base/files.h"
#include "attune/tasks/probe.h"

namespace attune::tasks {
namespace {

using nlohmann::json;

[[noreturn]] void refuse_record(const fs::path& path, const std::string& what) {
  fail(ErrorKind::model, "{}: {}; restore the file, or remove it to open the folder as Hugging Face does",
       path.string(), what);
}

}  // namespace

json read_record(const fs::path& folder) {
  const fs::path path = folder / kRecordFile;
  if (!fs::exists(path)) return nullptr;
  json record = json::parse(read_file(path), nullptr, false);
  if (!record.is_object()) refuse_record(path, "not a JSON object");
  for (const char* key : {"task", "pooling", "decoding"})
    if (record.contains(key) && !record[key].is_string())
      refuse_record(path, fmt::format("'{}' is {}, expected a name", key, record[key].dump()));
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
  record["probe"] = make_probe(*bundle.model);
  write_file_atomically(folder / kRecordFile, record.dump(2) + "\n");
}

}  // namespace attune::tasks
