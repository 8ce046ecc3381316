#include "attune/text/json_fields.h"

#include <nlohmann/json.hpp>

#include "attune/base/error.h"

namespace attune::text {
namespace {

const nlohmann::json* find(const nlohmann::json& object, const char* field) {
  if (!object.is_object()) fail(ErrorKind::model, "expected an object with '{}', got {}", field, shown(object));
  const auto at = object.find(field);
  return at == object.end() || at->is_null() ? nullptr : &*at;
}

[[noreturn]] void wrong(const char* field, const char* expected, const nlohmann::json& value) {
  fail(ErrorKind::model, "'{}' should be {}, but is {}", field, expected, shown(value));
}

}  // namespace

std::string shown(const nlohmann::json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  std::string text = value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

bool json_bool(const nlohmann::json& object, const char* field, bool fallback) {
  const nlohmann::json* value = find(object, field);
  if (!value) return fallback;
  if (!value->is_boolean()) wrong(field, "true or false", *value);
  return value->get<bool>();
}

int64_t json_integer(const nlohmann::json& object, const char* field, int64_t fallback) {
  const nlohmann::json* value = find(object, field);
  if (!value) return fallback;
  if (!value->is_number_integer()) wrong(field, "a whole number", *value);
  return value->get<int64_t>();
}

std::optional<std::string> json_string(const nlohmann::json& object, const char* field) {
  const nlohmann::json* value = find(object, field);
  if (!value) return std::nullopt;
  if (!value->is_string()) wrong(field, "a string", *value);
  return value->get<std::string>();
}

std::string required_string(const nlohmann::json& object, const char* field) {
  std::optional<std::string> value = json_string(object, field);
  if (!value) fail(ErrorKind::model, "'{}' is missing; a string is expected", field);
  return *value;
}

const nlohmann::json& required_array(const nlohmann::json& object, const char* field) {
  const nlohmann::json* value = find(object, field);
  if (!value) fail(ErrorKind::model, "'{}' is missing; a list is expected", field);
  if (!value->is_array()) wrong(field, "a list", *value);
  return *value;
}

std::string required_type(const nlohmann::json& object, const char* what) {
  if (!object.is_object()) fail(ErrorKind::model, "the {} should be an object, but is {}", what, shown(object));
  return with_context([&] { return std::string("in a ") + what; }, [&] { return required_string(object, "type"); });
}

}  // namespace attune::text
