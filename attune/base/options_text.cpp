// What an option list tells a person (help) and a program (schema).
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "attune/base/error.h"
#include "attune/base/options.h"
#include "attune/base/utf8.h"

namespace attune {
namespace {

using nlohmann::json;

constexpr size_t kIndent = 2, kWidestName = 30;

// What one value of an option is, in JSON Schema's words.
struct ValueType {
  const char* type;
  bool many, optional;
};

template <class T>
ValueType value_type(const T*) {
  if constexpr (std::is_same_v<T, bool>)
    return {"boolean", false, false};
  else if constexpr (std::is_same_v<T, std::string>)
    return {"string", false, false};
  else if constexpr (std::is_integral_v<T>)
    return {"integer", false, false};
  else
    return {"number", false, false};
}
template <class T>
ValueType value_type(const std::vector<T>*) {
  return {value_type(static_cast<const T*>(nullptr)).type, true, false};
}
template <class T>
ValueType value_type(const std::optional<T>*) {
  return {value_type(static_cast<const T*>(nullptr)).type, false, true};
}

ValueType type_of(const Option& option) {
  return std::visit([](const auto* target) { return value_type(target); }, option.target);
}

std::string placeholder(const Option& option) {
  if (!option.info.placeholder.empty()) return option.info.placeholder;
  const std::string_view kind = type_of(option).type;
  return kind == "integer" ? "N" : kind == "number" ? "X" : option.info.choices.empty() ? "TEXT" : "NAME";
}

std::string left_column(const Option& option) {
  if (std::holds_alternative<bool*>(option.target))
    return option.default_text == "true" ? "--[no-]" + option.name : "--" + option.name;
  return "--" + option.name + " " + placeholder(option);
}

std::string join(const std::vector<std::string>& words, std::string_view between) {
  return fmt::format("{}", fmt::join(words, between));
}

// "peak learning rate, per step (at least 0; default 5e-05)"
std::string right_column(const Option& option) {
  const OptionInfo& info = option.info;
  std::string text = info.help;
  if (!info.unit.empty()) text += ", " + info.unit;
  if (!info.choices.empty()) text += (text.empty() ? "" : ": ") + join(info.choices, " | ");
  std::vector<std::string> notes;
  if (info.required) notes.emplace_back("required");
  if (!std::isinf(info.min) && !std::isinf(info.max))
    notes.push_back(fmt::format("{} to {}", info.min, info.max));
  else if (!std::isinf(info.min))
    notes.push_back(fmt::format("at least {}", info.min));
  else if (!std::isinf(info.max))
    notes.push_back(fmt::format("at most {}", info.max));
  if (const ValueType type = type_of(option); type.many)
    notes.emplace_back(std::string_view(type.type) == "string" ? "may be repeated" : "commas between several");
  if (std::holds_alternative<bool*>(option.target)) {
    if (option.default_text == "true") notes.emplace_back("default: on");
  } else if (!option.default_text.empty() && !info.required) {
    notes.push_back("default " + option.default_text);
  }
  if (!notes.empty()) text += " (" + join(notes, "; ") + ")";
  return text;
}

// Words in lines of at most `width` characters; a longer word has a line of its own.
std::vector<std::string> wrapped(std::string_view text, size_t width) {
  std::vector<std::string> lines(1);
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    if (!lines.back().empty() && utf8::length(lines.back()) + 1 + utf8::length(word) > width) lines.emplace_back();
    if (!lines.back().empty()) lines.back() += ' ';
    lines.back() += word;
    at = end + 1;
  }
  return lines;
}

json default_of(const Option& option, const ValueType& type) {
  const bool string = std::string_view(type.type) == "string";
  if (!type.many) return string ? json(option.default_text) : json::parse(option.default_text);
  if (!string) return json::parse("[" + option.default_text + "]");
  json items = json::array();
  for (size_t at = 0; at < option.default_text.size();) {
    const size_t comma = std::min(option.default_text.find(',', at), option.default_text.size());
    items.push_back(option.default_text.substr(at, comma - at));
    at = comma + 1;
  }
  return items;
}

json schema_of(const Option& option) {
  const ValueType type = type_of(option);
  json item = {{"type", type.type}};
  if (!option.info.choices.empty()) item["enum"] = option.info.choices;
  if (!std::isinf(option.info.min)) item["minimum"] = option.info.min;
  if (!std::isinf(option.info.max)) item["maximum"] = option.info.max;
  json whole = type.many ? json{{"type", "array"}, {"items", item}} : item;
  if (type.optional) {
    whole["type"] = json::array({type.type, "null"});
    if (whole.contains("enum")) whole["enum"].push_back(nullptr);
  }
  const std::string unit = option.info.unit.empty() ? "" : ", " + option.info.unit;
  if (!option.info.help.empty()) whole["description"] = option.info.help + unit;
  if (!option.info.required && !type.optional) whole["default"] = default_of(option, type);
  return whole;
}

}  // namespace

json OptionList::schema() const {
  json properties = json::object(), required = json::array();
  for (const auto& option : options_) {
    std::string key = option.name;
    std::replace(key.begin(), key.end(), '-', '_');
    properties[key] = schema_of(option);
    if (option.info.required) required.push_back(key);
  }
  return {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
          {"type", "object"},
          {"properties", properties},
          {"required", required},
          {"additionalProperties", false}};
}

std::string OptionList::help(int width) const {
  size_t column = 0;
  for (const auto& option : options_) {
    const size_t length = utf8::length(left_column(option));
    if (length <= kWidestName) column = std::max(column, length);
  }
  column += 2 * kIndent;
  const size_t room =
      std::max<size_t>(20, static_cast<size_t>(std::max(width, 0)) - std::min<size_t>(column, std::max(width, 0)));
  std::string text, group;
  for (const auto& option : options_) {
    if (option.group != group || text.empty()) {
      group = option.group;
      if (!text.empty()) text += '\n';
      if (!group.empty()) text += group + ":\n";
    }
    std::string line = std::string(kIndent, ' ') + left_column(option);
    if (utf8::length(line) + kIndent > column) {
      text += line + '\n';
      line.clear();
    }
    for (const auto& part : wrapped(right_column(option), room)) {
      if (!part.empty()) line += std::string(column - std::min(column, utf8::length(line)), ' ') + part;
      text += line + '\n';
      line.clear();
    }
  }
  return text;
}

}  // namespace attune
