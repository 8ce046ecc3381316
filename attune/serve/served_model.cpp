#include "attune/serve/served_model.h"

#include <ctime>

#include "attune/base/error.h"
#include "attune/io/resolve.h"
#include "attune/tasks/int8_record.h"

namespace attune::serve {
namespace {

// Errors (usage): the model is not to be served in int8.
std::string checked_hash(const std::string& folder, const OpenOptions& options) {
  const std::filesystem::path place = io::resolve_model(folder);
  std::string hash = tasks::folder_hash(place);
  if (options.precision != "int8") return hash;
  if (const std::string why = tasks::why_no_int8(place, hash); !why.empty()) fail(ErrorKind::usage, "{}", why);
  return hash;
}

tasks::ModelBundle open(const std::string& folder, const OpenOptions& options) {
  // An encoder that was never fine-tuned serves its vectors.
  tasks::ModelBundle bundle = tasks::open_for_inference(folder, tasks::inference_precision(options.precision), {},
                                                        nullptr, tasks::Vectors::no_head);
  if (options.max_length) tasks::set_max_length(bundle, *options.max_length);
  return bundle;
}

// Prefixes are a request's to choose.
data::EncodeOptions without_prefixes(data::EncodeOptions options) {
  options.query_prefix.clear(), options.passage_prefix.clear();
  return options;
}

}  // namespace

ServedModel::ServedModel(std::string name, const std::string& folder, const OpenOptions& options)
    : name_(std::move(name)),
      folder_(folder),
      hash_(checked_hash(folder, options)),
      opened_(std::time(nullptr)),
      bundle_(open(folder, options)),
      encoder_(*bundle_.tokenizer, bundle_.task->data, without_prefixes(bundle_.encode)),
      lines_(bundle_, {}) {}

bool ServedModel::reranks() const {
  return task() == tasks::TaskKind::regress && bundle_.pairs.value_or(true);
}

std::string default_name(const std::string& folder) {
  std::filesystem::path path(folder);
  while (!path.empty() && path.filename().empty()) path = path.parent_path();
  return path.filename().string();
}

}  // namespace attune::serve
