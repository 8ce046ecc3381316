#include "attune/peft/peft_fields.h"

#include <fmt/format.h>

#include "attune/base/error.h"

namespace attune::peft {

using nlohmann::json;

const json* PeftFields::find(const char* key) const {
  return config_.contains(key) && !config_[key].is_null() ? &config_[key] : nullptr;
}

void PeftFields::refuse(const char* key, const std::string& what) const {
  fail(ErrorKind::model, "{}: {} is {}; {}", where_, key, config_[key].dump(), what);
}

int64_t PeftFields::whole(const char* key, int64_t otherwise) const {
  const json* found = find(key);
  if (!found) return otherwise;
  if (!found->is_number_integer() || found->get<int64_t>() < 1) refuse(key, "expected a whole number from 1 on");
  return found->get<int64_t>();
}

double PeftFields::number(const char* key, double otherwise) const {
  const json* found = find(key);
  if (!found) return otherwise;
  if (!found->is_number()) refuse(key, "expected a number");
  return found->get<double>();
}

bool PeftFields::flag(const char* key) const {
  const json* found = find(key);
  if (!found) return false;
  if (!found->is_boolean()) refuse(key, "expected true or false");
  return found->get<bool>();
}

std::string PeftFields::name(const char* key, const std::string& otherwise) const {
  const json* found = find(key);
  if (!found) return otherwise;
  if (!found->is_string()) refuse(key, "expected a name");
  return found->get<std::string>();
}

std::string PeftFields::targets(const std::string& otherwise, const char* key) const {
  const json* found = find(key);
  if (!found) return otherwise;
  if (found->is_string()) {
    const auto expression = found->get<std::string>();
    return expression == "all-linear" ? expression : "\"" + expression + "\"";
  }
  std::string names;
  if (found->is_array())
    for (const json& name : *found) {
      if (!name.is_string()) refuse(key, "expected names");
      names += (names.empty() ? "" : "|") + name.get<std::string>();
    }
  if (names.empty()) refuse(key, "expected a list of names, or an expression");
  return names;
}

void PeftFields::refuse_unless(const char* key, const json& value) const {
  const json* found = find(key);
  if (found && *found != value) refuse(key, fmt::format("attune has such adapters with {} alone", value.dump()));
}

void PeftFields::refuse_filled(const char* key) const {
  const json* found = find(key);
  if (found && !(found->is_structured() && found->empty())) refuse(key, "attune has no such adapters");
}

json peft_number(double value) {
  const auto whole = static_cast<int64_t>(value);
  return static_cast<double>(whole) == value ? json(whole) : json(value);
}

json peft_targets(const std::string& names) {
  if (names.find('*') != std::string::npos) {  // as an expression
    std::string expression;
    for (const char c : names) expression += c == '*' ? ".*" : c == '.' ? "\\." : std::string(1, c);
    return "(.*\\.)?(" + expression + ")";
  }
  if (names == "all-linear") return names;
  if (names.size() >= 2 && names.front() == '"') return names.substr(1, names.size() - 2);
  if (!names.empty() && names.front() == '^') return names;
  json list = json::array();
  for (size_t at = 0; at <= names.size();) {
    const size_t end = std::min(names.find('|', at), names.size());
    list.push_back(names.substr(at, end - at));
    at = end + 1;
  }
  return list;
}

}  // namespace attune::peft
