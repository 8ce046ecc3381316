#include "attune/io/fingerprint.h"

#include <algorithm>

#include "attune/base/files.h"

namespace attune::io {
namespace {

template <class Wanted>
std::string fingerprint(const std::filesystem::path& folder, const Wanted& wanted) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (wanted(entry.path().filename().string())) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::string all;
  for (const auto& file : files) all += file.filename().string() + sha256_file(file);
  return sha256_hex(all);
}

bool is_among(const std::string& name, const std::vector<std::string>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

const std::vector<std::string>& model_file_names() {
  static const std::vector<std::string> kNames{"config.json",           "vocab.txt",         "tokenizer.json",
                                               "tokenizer_config.json", "added_tokens.json", "special_tokens_map.json"};
  return kNames;
}

std::string fingerprint_folder(const std::filesystem::path& folder, const std::vector<std::string>& names) {
  return fingerprint(folder,
                     [&](const std::string& name) { return name.ends_with(".safetensors") || is_among(name, names); });
}

std::string fingerprint_files(const std::filesystem::path& folder, const std::vector<std::string>& names) {
  return fingerprint(folder, [&](const std::string& name) { return is_among(name, names); });
}

}  // namespace attune::io
