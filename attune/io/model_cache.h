// Where models are kept on this machine: attune's own cache, and the Hugging Face hub's.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace attune::io {

// What stands there is a folder; a path that cannot be looked at is none.
bool is_folder(const std::filesystem::path& path);

// $ATTUNE_CACHE, else $XDG_CACHE_HOME/attune, else ~/.cache/attune. Error (io) where there is no home.
std::filesystem::path cache_folder();
// cache_folder()/models/NAME
std::filesystem::path stored_model_folder(std::string_view name);

// $HF_HUB_CACHE, else $HF_HOME/hub, else $XDG_CACHE_HOME/huggingface/hub, else ~/.cache/huggingface/hub.
std::filesystem::path hub_cache_folder();

// "org/name" or, as the oldest models have it, "name": letters, digits, '.', '_' and '-'; no part begins with '.' or
// '-'.
bool is_hub_id(std::string_view name);
// The snapshot that refs/main names; without refs the only snapshot there is. Nothing where the hub's cache has none.
std::optional<std::filesystem::path> hub_snapshot(std::string_view id);
// Ids of all models in the hub's cache that have a snapshot, sorted.
std::vector<std::string> hub_models();

}  // namespace attune::io
