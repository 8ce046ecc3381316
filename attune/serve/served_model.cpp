#include "attune/serve/served_model.h"

#include <ctime>

#include "attune/base/error.h"
#include "attune/io/resolve.h"
#include "attune/io/sentence_folder.h"
#include "attune/tasks/folder_weights.h"
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

std::string encoder_hash_of(const std::string& folder) {
  return tasks::encoder_hash_at(io::resolve_model(folder));
}

// Whose encoder a model of this folder can run; nullptr: nobody's.
ModelRef lender(const std::string& folder, const std::string& encoder_hash, const OpenOptions& options) {
  for (const ModelRef& other : options.others) {
    if (other->encoder_hash() != encoder_hash) continue;
    const models::Model& model = *other->bundle().model;
    if (tasks::precision_for(io::resolve_model(folder), tasks::inference_precision(options.precision),
                             model.config().layers) == model.precision())
      return other;
  }
  return nullptr;
}

// An adapter's tokenizer is its base's: adapters over one base folder have it once.
bool has_tokenizer_of(const std::string& folder, const ServedModel& other) {
  return tasks::tokenizer_folder(io::resolve_model(folder)) ==
         tasks::tokenizer_folder(io::resolve_model(other.folder()));
}

tasks::ModelBundle open(const std::string& folder, const std::string& encoder_hash, const OpenOptions& options) {
  tasks::InferenceModelOptions how{.precision = tasks::inference_precision(options.precision),
                                   .vectors = tasks::Vectors::no_head};  // one never fine-tuned serves its vectors
  if (const ModelRef other = lender(folder, encoder_hash, options)) {
    how.encoder = other->bundle().model;
    if (has_tokenizer_of(folder, *other)) how.tokenizer = other->bundle().tokenizer;
  }
  tasks::ModelBundle bundle = tasks::open_for_inference(folder, how);
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
      encoder_hash_(encoder_hash_of(folder)),
      opened_(std::time(nullptr)),
      bundle_(open(folder, encoder_hash_, options)),
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
