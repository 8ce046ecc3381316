#include "attune/peft/peft_fields.h"

#include <algorithm>
#include <fmt/format.h>

#include "attune/base/error.h"
#include "attune/peft/modules.h"

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

void PeftFields::refuse_unless_one_of(const char* key, const std::vector<json>& values) const {
  const json* found = find(key);
  if (found && std::find(values.begin(), values.end(), *found) == values.end())
    refuse(key, fmt::format("attune has such adapters with {} alone", json(values).dump()));
}

void PeftFields::refuse_filled(const char* key) const {
  const json* found = find(key);
  if (found && !(found->is_structured() && found->empty())) refuse(key, "attune has no such adapters");
}

json peft_number(double value) {
  const auto whole = static_cast<int64_t>(value);
  return static_cast<double>(whole) == value ? json(whole) : json(value);
}

namespace {

// For PEFT, which knows modules by names that may begin with "bert.": unless the expression sees to that itself.
std::string expression_for_peft(const std::string& expression) {
  const size_t first = expression.find_first_not_of('(');
  for (const char* own : {"bert", ".*"})
    if (first != expression.npos && expression.compare(first, std::string_view(own).size(), own) == 0)
      return expression;
  return "(bert\\.)?(" + expression + ")";
}

std::string as_expression(const std::string& name) {
  if (name.size() >= 2 && name.front() == '"') return expression_for_peft(name.substr(1, name.size() - 2));
  if (!name.empty() && name.front() == '^') return expression_for_peft(name.substr(1));
  std::string expression;
  for (const char c : name) expression += c == '*' ? ".*" : c == '.' ? "\\." : std::string(1, c);
  return "(.*\\.)?(" + expression + ")";
}

}  // namespace

json peft_targets(const std::string& names) {
  const std::vector<std::string> parts = parted_names(names);
  if (std::find(parts.begin(), parts.end(), "all-linear") != parts.end()) return "all-linear";
  if (std::none_of(parts.begin(), parts.end(),
                   [](const std::string& part) { return part.find_first_of("*\"^") != part.npos; }))
    return parts;
  if (parts.size() == 1) return as_expression(parts[0]);
  std::string any;
  for (const std::string& part : parts) any += (any.empty() ? "(" : "|(") + as_expression(part) + ")";
  return any;
}

}  // namespace attune::peft
