// Fields of a JSON object, read with errors (model) that name the field, what it should be and what came.
#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace attune::text {

// A missing or null field is `fallback`.
bool json_bool(const nlohmann::json& object, const char* field, bool fallback);
int64_t json_integer(const nlohmann::json& object, const char* field, int64_t fallback);
std::optional<std::string> json_string(const nlohmann::json& object, const char* field);

// The field must be there.
std::string required_string(const nlohmann::json& object, const char* field);
const nlohmann::json& required_array(const nlohmann::json& object, const char* field);

// `object` must be an object with a string `type`; `what` names it in the error ("normalizer").
std::string required_type(const nlohmann::json& object, const char* what);

// The start of a value as JSON, for messages.
std::string shown(const nlohmann::json& value);

}  // namespace attune::text
