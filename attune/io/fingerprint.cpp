#include "attune/io/fingerprint.h"

#include <algorithm>

#include "attune/base/files.h"

namespace attune::io {

const std::vector<std::string>& model_file_names() {
  static const std::vector<std::string> kNames{"config.json",           "vocab.txt",         "tokenizer.json",
                                               "tokenizer_config.json", "added_tokens.json", "special_tokens_map.json"};
  return kNames;
}

std::string fingerprint_folder(const std::filesystem::path& folder, const std::vector<std::string>& names) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".safetensors") || std::find(names.begin(), names.end(), name) != names.end())
      files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::string all;
  for (const auto& file : files) all += file.filename().string() + sha256_file(file);
  return sha256_hex(all);
}

}  // namespace attune::io
