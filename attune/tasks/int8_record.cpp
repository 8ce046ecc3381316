#include "attune/tasks/int8_record.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <vector>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/base/json.h"

namespace attune::tasks {
namespace {

bool belongs_to_model(const fs::path& file) {
  static const std::vector<std::string> kNames{"config.json",
                                               "attune.json",
                                               "vocab.txt",
                                               "tokenizer.json",
                                               "tokenizer_config.json",
                                               "modules.json",
                                               "sentence_bert_config.json",
                                               "config_sentence_transformers.json"};
  return file.extension() == ".safetensors" ||
         std::find(kNames.begin(), kNames.end(), file.filename().string()) != kNames.end();
}

}  // namespace

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
  return Int8Record{.outcome = told["outcome"], .accepted = told["accepted"], .sha256 = told["sha256"]};
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
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_regular_file() && belongs_to_model(entry.path())) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  Sha256 all;
  for (const fs::path& file : files) all.add(file.filename().string() + "\n" + sha256_file(file) + "\n");
  return all.hex();
}

}  // namespace attune::tasks
