#include "attune/io/model_cache.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <pwd.h>
#include <unistd.h>

#include "attune/base/error.h"
#include "attune/base/files.h"

namespace attune::io {
namespace {

constexpr std::string_view kModelPrefix = "models--";

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

fs::path home() {
  if (const auto set = environment("HOME")) return *set;
  const passwd* entry = ::getpwuid(::getuid());
  if (entry == nullptr || entry->pw_dir == nullptr)
    fail(ErrorKind::io, "this user has no home folder; set ATTUNE_CACHE to a folder for models");
  return entry->pw_dir;
}

// A variable that holds a folder; "~" is the home, as the hub's own tools read it.
std::optional<fs::path> folder_in(const char* variable) {
  const auto value = environment(variable);
  if (!value) return std::nullopt;
  if (*value == "~" || value->starts_with("~/")) return home() / fs::path(value->substr(1)).relative_path();
  return *value;
}

fs::path user_cache() {
  const auto set = folder_in("XDG_CACHE_HOME");
  return set ? *set : home() / ".cache";
}

std::vector<fs::path> folders_in(const fs::path& parent) {
  std::vector<fs::path> found;
  std::error_code ignored;
  for (fs::directory_iterator at(parent, ignored), end; !ignored && at != end; at.increment(ignored))
    if (is_folder(at->path())) found.push_back(at->path());
  std::sort(found.begin(), found.end());
  return found;
}

std::string with_replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  while (!text.empty()) {
    const size_t at = std::min(text.find(from), text.size());
    out += text.substr(0, at);
    if (at < text.size()) out += to;
    text.remove_prefix(std::min(text.size(), at + from.size()));
  }
  return out;
}

}  // namespace

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

std::filesystem::path cache_folder() {
  const auto set = folder_in("ATTUNE_CACHE");
  return set ? *set : user_cache() / "attune";
}

std::filesystem::path stored_model_folder(std::string_view name) {
  return cache_folder() / "models" / name;
}

std::filesystem::path hub_cache_folder() {
  for (const char* variable : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"})
    if (const auto set = folder_in(variable)) return *set;
  if (const auto set = folder_in("HF_HOME")) return *set / "hub";
  return user_cache() / "huggingface" / "hub";
}

bool is_hub_id(std::string_view name) {
  if (std::count(name.begin(), name.end(), '/') > 1) return false;
  for (size_t at = 0; at <= name.size();) {
    const size_t end = std::min(name.find('/', at), name.size());
    const std::string_view part = name.substr(at, end - at);
    const auto allowed = [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-'; };
    if (part.empty() || part[0] == '.' || part[0] == '-' || !std::all_of(part.begin(), part.end(), allowed))
      return false;
    at = end + 1;
  }
  return true;
}

std::optional<std::filesystem::path> hub_snapshot(std::string_view id) {
  if (!is_hub_id(id)) return std::nullopt;
  const fs::path model = hub_cache_folder() / (std::string(kModelPrefix) + with_replaced(id, "/", "--"));
  const fs::path main = model / "refs/main";
  if (fs::exists(main)) {
    std::string hash = read_file(main);
    while (!hash.empty() && std::isspace(static_cast<unsigned char>(hash.back())) != 0) hash.pop_back();
    const bool plain = !hash.empty() && hash.find('/') == hash.npos && hash[0] != '.';
    if (plain && is_folder(model / "snapshots" / hash)) return model / "snapshots" / hash;
    return std::nullopt;
  }
  const auto snapshots = folders_in(model / "snapshots");
  if (snapshots.size() == 1) return snapshots[0];
  return std::nullopt;
}

std::vector<std::string> hub_models() {
  std::vector<std::string> ids;
  for (const auto& folder : folders_in(hub_cache_folder())) {
    const std::string name = folder.filename().string();
    if (!name.starts_with(kModelPrefix)) continue;
    const std::string id = with_replaced(name.substr(kModelPrefix.size()), "--", "/");
    if (hub_snapshot(id)) ids.push_back(id);
  }
  return ids;
}

}  // namespace attune::io
