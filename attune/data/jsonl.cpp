#include "attune/data/jsonl.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "attune/base/error.h"

namespace attune::data {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string scalar_text(const OrderedJson& value) {
  return value.is_string() ? value.get_ref<const std::string&>() : value.dump();
}

bool is_plain(const OrderedJson& value) {
  return value.is_string() || value.is_number() || value.is_boolean();
}

Value to_value(const OrderedJson& json) {
  Value value;
  if (json.is_null()) {
    value.kind = Value::Kind::null;
  } else if (is_plain(json)) {
    value.kind = json.is_string() ? Value::Kind::text : json.is_number() ? Value::Kind::number : Value::Kind::boolean;
    value.text = scalar_text(json);
  } else if (json.is_array() && std::all_of(json.begin(), json.end(), is_plain)) {
    value.kind = Value::Kind::list;
    for (const auto& item : json) value.items.push_back(scalar_text(item));
  } else {
    value.kind = Value::Kind::object;
  }
  return value;
}

// nlohmann's text is "[json.exception.parse_error.101] parse error at line 1, column 7: syntax error while ...".
std::string reason(std::string_view what) {
  const size_t place = what.find("column ");
  return std::string(place == std::string_view::npos ? what.substr(what.find("] ") + 2) : what.substr(place));
}

}  // namespace

size_t JsonlReader::column(const std::string& key) {
  const auto [place, fresh] = index_.try_emplace(key, columns_.size());
  if (fresh) columns_.push_back(key);
  return place->second;
}

bool JsonlReader::next(Record& record) {
  std::string_view line;
  do {
    if (!lines_.next(line)) return false;
  } while (line.find_first_not_of(" \t\r") == std::string_view::npos);
  record.line = lines_.number();
  record.values.assign(columns_.size(), Value());
  OrderedJson json;
  try {
    json = OrderedJson::parse(line);
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorKind::input,
         "{} line {} is not valid JSON: {}; expected one JSON object a line (a JSON list is converted "
         "by: jq -c '.[]' FILE)",
         lines_.name(), record.line, reason(error.what()));
  }
  if (!json.is_object())
    fail(ErrorKind::input,
         "{} line {} holds a JSON {}, expected an object; a list of objects is converted by: "
         "jq -c '.[]' FILE > FILE.jsonl",
         lines_.name(), record.line, json.type_name());
  for (const auto& [key, value] : json.items()) {
    const size_t at = column(key);
    if (at >= record.values.size()) record.values.resize(at + 1);
    record.values[at] = to_value(value);
  }
  return true;
}

}  // namespace attune::data
