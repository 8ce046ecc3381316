#include "attune/tasks/int8_record.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/base/json.h"
#include "attune/io/fingerprint.h"
#include "attune/io/sentence_folder.h"
#include "attune/models/bert.h"
#include "attune/tasks/adapter_folder.h"
#include "attune/tasks/model_record.h"

namespace attune::tasks {
std::optional<Int8Record> read_int8_record(const fs::path& folder) {
  const fs::path path = folder / kInt8File;
  if (!fs::exists(path)) return std::nullopt;
  const nlohmann::json told = parse_json(read_file(path), path.string(), ErrorKind::model);
  const auto is = [&](const char* key, auto check) { return told.contains(key) && (told[key].*check)(); };
  using nlohmann::json;
  if (!told.is_object() || !is("outcome", &json::is_string) || !is("accepted", &json::is_boolean) ||
      !is("sha256", &json::is_string))
    fail(ErrorKind::model, "{}: expected outcome, accepted and sha256; `attune quantize` writes it anew",
         path.string());
  Int8Record record{.outcome = told["outcome"], .accepted = told["accepted"], .sha256 = told["sha256"]};
  if (!told.contains("wide")) return record;
  for (const json& part : told["wide"].is_array() ? told["wide"] : json::array({nullptr})) {
    if (!part.is_string())
      fail(ErrorKind::model, "{}: \"wide\" is {}; expected a list of names such as \"encoder.layer.3\"", path.string(),
           told["wide"].dump());
    record.wide.push_back(part);
  }
  return record;
}

nn::Precision precision_for(const fs::path& folder, nn::Precision precision, int64_t layers) {
  const auto record = precision.int8 ? read_int8_record(folder) : std::nullopt;
  if (!record) return precision;
  std::map<std::string, int> depths;
  for (int depth = 0; depth <= layers; ++depth) depths[models::part_name(depth)] = depth;
  for (const std::string& part : record->wide) {
    if (!depths.contains(part))
      fail(ErrorKind::model, "{}: \"wide\" names '{}'; the model has {} to {}", (folder / kInt8File).string(), part,
           models::part_name(0), models::part_name(static_cast<int>(layers)));
    precision.wide.push_back(depths[part]);
  }
  std::sort(precision.wide.begin(), precision.wide.end());
  return precision;
}

std::string precision_text(const nn::Precision& precision) {
  std::string parts;
  for (const int depth : precision.wide) parts += (parts.empty() ? "" : ", ") + models::part_name(depth);
  return precision.name() + (parts.empty() ? "" : fmt::format(" ({} in {})", parts, tensor::name(precision.compute)));
}

std::string why_no_int8(const fs::path& folder, const std::string& sha256) {
  const std::string remedy =
      fmt::format("`attune quantize {} --data dev.csv` finds out; or leave --precision int8 out", folder.string());
  const auto record = read_int8_record(folder);
  if (!record)
    return fmt::format("{}: nobody has found out whether int8 harms this model: {}", folder.string(), remedy);
  if (record->sha256 != sha256)
    return fmt::format("{}: int8 was judged of another state of this model ({}): {}", folder.string(), kInt8File,
                       remedy);
  if (record->allows()) return "";
  return fmt::format("{}: int8 was found {} for this model ({}){}", folder.string(), record->outcome, kInt8File,
                     record->outcome == "undecided"
                         ? "; more rows may decide, or `attune quantize ... --accept-undecided` takes it so"
                         : "");
}

std::string folder_hash(const fs::path& folder) {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names = io::model_file_names();
    names.insert(names.end(), {kRecordFile, kAdapterConfigFile, "modules.json", "sentence_bert_config.json",
                               "config_sentence_transformers.json", kHubHeadConfigFile});
    return names;
  }();
  std::string all = io::fingerprint_folder(folder, kNames);
  for (const fs::path& part : {io::transformer_folder(folder), folder / "1_Pooling"})
    if (part != folder && fs::is_directory(part)) all += io::fingerprint_folder(part, kNames);
  if (const auto adapter = AdapterFolder::at(folder)) {
    const fs::path base = adapter->base();
    all += adapter->knows_base() ? io::fingerprint_files(base, io::model_file_names()) : folder_hash(base);
  }
  return sha256_hex(all);
}

}  // namespace attune::tasks
