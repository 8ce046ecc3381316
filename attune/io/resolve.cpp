#include "attune/io/resolve.h"

#include <string>
#include <vector>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/base/suggest.h"
#include "attune/io/model_cache.h"
#include "attune/io/model_store.h"

namespace attune::io {
namespace {

// Everything that could have been meant: models by name, hub ids, and folders where `name` was looked for.
std::vector<std::string> known_names(const fs::path& name) {
  std::vector<std::string> names = hub_models();
  for (const auto& model : list_models()) names.push_back(model.name);
  const fs::path parent = name.parent_path();
  std::error_code ignored;
  for (fs::directory_iterator at(parent.empty() ? "." : parent, ignored), end; !ignored && at != end;
       at.increment(ignored))
    if (is_folder(at->path())) names.push_back((parent / at->path().filename()).string());
  return names;
}

[[noreturn]] void fail_to_find(std::string_view name) {
  const std::string near = did_you_mean(name, known_names(name));
  if (!is_hub_id(name) || (name.find('/') == name.npos && !near.empty()))
    fail(ErrorKind::usage,
         "there is no model '{}': it is neither a folder nor a model kept by attune (`attune models list`){}", name,
         near);
  fail(ErrorKind::usage,
       "there is no model '{0}': it is neither a folder nor in the local Hugging Face cache {1}{2}\n"
       "  to download it:  hf download {0}   (older versions: huggingface-cli download {0})\n"
       "  where the hub cannot be reached, set HF_ENDPOINT to the address of a mirror before; or copy the model's "
       "folder "
       "here and give its path",
       name, hub_cache_folder().string(), near);
}

}  // namespace

std::filesystem::path resolve_model(std::string_view name) {
  if (name.empty())
    fail(ErrorKind::usage, "--model is empty; give a folder, `minilm`, `multilingual` or a hub id org/name");
  const bool plain = is_hub_id(name) && name.find('/') == name.npos;
  if (plain && is_folder(stored_model_folder(name))) return stored_model_folder(name);
  if (is_known_model(name))
    fail(ErrorKind::usage,
         "the model '{0}' is not on this machine yet (looked in {1}); get it with\n  attune models get {0}", name,
         stored_model_folder(name).string());
  const fs::path path(name);
  if (is_folder(path)) return path;
  if (fs::exists(path)) fail(ErrorKind::usage, "--model {} is a file; give the folder that holds it", name);
  if (const auto snapshot = hub_snapshot(name)) return *snapshot;
  fail_to_find(name);
}

}  // namespace attune::io
