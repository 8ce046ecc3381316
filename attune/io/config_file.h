// A JSON object in a file of a model folder, read with distrust: every error (model) names file, field, what was
// expected and what came.
#pragma once
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace attune::io {

// The start of a value as JSON, for messages.
std::string shown(const nlohmann::json& value);

class ConfigFile {
 public:
  // Empty where the file is missing. Errors (model): not JSON, not an object; (io): cannot be read.
  explicit ConfigFile(const std::filesystem::path& file);

  const std::string& where() const { return where_; }
  // Null where the field is missing.
  const nlohmann::json& at(const char* field) const;

  // A field that is missing or null is `fallback`, nothing, or "".
  bool flag(const char* field, bool fallback) const;
  std::optional<int64_t> positive(const char* field) const;  // 1 to 2^31 - 1
  std::string text(const char* field) const;

  [[noreturn]] void expected(const char* field, std::string_view what) const;

 private:
  std::string where_;
  nlohmann::json values_;
};

}  // namespace attune::io
