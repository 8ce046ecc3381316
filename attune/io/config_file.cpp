#include "attune/io/config_file.h"

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/base/json.h"

namespace attune::io {

using nlohmann::json;

std::string shown(const json& value) {
  return value.dump(-1, ' ', true, json::error_handler_t::replace).substr(0, 80);
}

ConfigFile::ConfigFile(const std::filesystem::path& file) : where_(file.string()), values_(json::object()) {
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) return;
  values_ = parse_json(read_file(file), where_, ErrorKind::model);
  if (!values_.is_object()) fail(ErrorKind::model, "{}: expected an object, got {}", where_, values_.type_name());
}

const json& ConfigFile::at(const char* field) const {
  static const json missing;
  const auto found = values_.find(field);
  return found == values_.end() ? missing : *found;
}

bool ConfigFile::flag(const char* field, bool fallback) const {
  const json& value = at(field);
  if (value.is_null()) return fallback;
  if (!value.is_boolean()) expected(field, "true or false");
  return value.get<bool>();
}

std::optional<int64_t> ConfigFile::positive(const char* field) const {
  const json& value = at(field);
  if (value.is_null()) return {};
  if (!value.is_number_integer() || value < 1 || value > INT32_MAX) expected(field, "a positive number");
  return value.get<int64_t>();
}

std::string ConfigFile::text(const char* field) const {
  const json& value = at(field);
  if (value.is_null()) return "";
  if (!value.is_string()) expected(field, "a text");
  return value.get<std::string>();
}

void ConfigFile::expected(const char* field, std::string_view what) const {
  fail(ErrorKind::model, "{}: '{}': expected {}, got {}", where_, field, what, shown(at(field)));
}

}  // namespace attune::io
