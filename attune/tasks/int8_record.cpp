#include "attune/tasks/int8_record.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <vector>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/base/json.h"
#include "attune/io/fingerprint.h"
#include "attune/io/sentence_folder.h"
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
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names = io::model_file_names();
    names.insert(names.end(),
                 {kRecordFile, "modules.json", "sentence_bert_config.json", "config_sentence_transformers.json"});
    return names;
  }();
  std::string all = io::fingerprint_folder(folder, kNames);
  for (const fs::path& part : {io::transformer_folder(folder), folder / "1_Pooling"})
    if (part != folder && fs::is_directory(part)) all += io::fingerprint_folder(part, kNames);
  return sha256_hex(all);
}

}  // namespace attune::tasks
