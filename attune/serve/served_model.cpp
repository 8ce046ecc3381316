#include "attune/serve/served_model.h"

#include <algorithm>
#include <ctime>

#include "attune/base/files.h"
#include "attune/io/resolve.h"

namespace attune::serve {
namespace {

tasks::ModelBundle open(const std::string& folder, const OpenOptions& options) {
  // An encoder that was never fine-tuned serves its vectors.
  tasks::ModelBundle bundle =
      tasks::open_for_inference(folder, tasks::inference_precision(options.precision), {}, nullptr, tasks::Vectors::no_head);
  if (options.max_length) tasks::set_max_length(bundle, *options.max_length);
  return bundle;
}

// Prefixes are a request's to choose.
data::EncodeOptions without_prefixes(data::EncodeOptions options) {
  options.query_prefix.clear(), options.passage_prefix.clear();
  return options;
}

bool belongs_to_model(const fs::path& file) {
  static const std::vector<std::string> kNames{"config.json",
                                               "attune.json",
                                               "vocab.txt",
                                               "tokenizer.json",
                                               "tokenizer_config.json",
                                               "modules.json",
                                               "config_sentence_transformers.json"};
  return file.extension() == ".safetensors" ||
         std::find(kNames.begin(), kNames.end(), file.filename().string()) != kNames.end();
}

std::string hash_of(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_regular_file() && belongs_to_model(entry.path())) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  Sha256 all;
  for (const fs::path& file : files) all.add(file.filename().string() + "\n" + sha256_file(file) + "\n");
  return all.hex();
}

}  // namespace

ServedModel::ServedModel(std::string name, const std::string& folder, const OpenOptions& options)
    : name_(std::move(name)),
      folder_(folder),
      hash_(hash_of(io::resolve_model(folder))),
      opened_(std::time(nullptr)),
      bundle_(open(folder, options)),
      encoder_(*bundle_.tokenizer, bundle_.task->data, without_prefixes(bundle_.encode)),
      lines_(bundle_, {}) {}

bool ServedModel::reranks() const {
  return task() == tasks::TaskKind::regress && bundle_.pairs.value_or(true);
}

std::string default_name(const std::string& folder) {
  fs::path path(folder);
  while (!path.empty() && path.filename().empty()) path = path.parent_path();
  return path.filename().string();
}

}  // namespace attune::serve
