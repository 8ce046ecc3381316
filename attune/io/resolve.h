// From what stands after --model to a folder. Without network.
#pragma once
#include <filesystem>
#include <string_view>

namespace attune::io {

// In this order: a model that `attune models get` keeps ("minilm", "multilingual", or any folder placed under
// cache_folder()/models), a folder, a hub id in the local Hugging Face cache. "./minilm" is always the folder. What
// is in the folder is checked by ModelFolder::open.
// Errors (usage, model): empty; a file; a known model that is not there yet (names `attune models get`); a hub id that
// was not downloaded (the line that does, and HF_ENDPOINT for mirrors); a name near to known ones (suggests).
std::filesystem::path resolve_model(std::string_view name);

}  // namespace attune::io
