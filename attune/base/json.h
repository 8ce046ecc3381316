// JSON that came from outside, read with distrust; and JSON lines.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "attune/base/error.h"

namespace attune {

// The document in `text`; `where` is the file's name in errors. Errors (of `kind`), each with the line: not UTF-8, not
// JSON, a number too large for a double, the same key twice in one object, nesting deeper than 64.
nlohmann::json parse_json(std::string_view text, std::string_view where, ErrorKind kind = ErrorKind::input);

// A value without blanks or line ends; bytes that are no UTF-8 are replaced.
std::string json_text(const nlohmann::ordered_json& value);
// An object so, on a line of its own.
std::string json_line(const nlohmann::ordered_json& object);

}  // namespace attune
