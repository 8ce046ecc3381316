#include "attune/base/options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <type_traits>

#include "attune/base/error.h"
#include "attune/base/suggest.h"

namespace attune {
namespace {

using nlohmann::json;

std::string dashed(std::string_view name) {
  std::string out(name);
  std::replace(out.begin(), out.end(), '_', '-');
  return out;
}

template <class T>
struct Unwrapped {
  using type = T;
};
template <class T>
struct Unwrapped<std::optional<T>> {
  using type = T;
};
template <class T>
struct Unwrapped<std::vector<T>> {
  using type = T;
};
template <class T>
constexpr bool kIsVector = false;
template <class T>
constexpr bool kIsVector<std::vector<T>> = true;

std::string range_text(const OptionInfo& info) {
  if (std::isinf(info.min)) return fmt::format("at most {}", info.max);
  if (std::isinf(info.max)) return fmt::format("at least {}", info.min);
  return fmt::format("from {} to {}", info.min, info.max);
}

template <class T>
T checked_range(const Option& option, T value) {
  const auto x = static_cast<double>(value);
  if (x < option.info.min || x > option.info.max)
    fail(ErrorKind::usage, "{}: expected a number {}, got {}", option.shown, range_text(option.info), value);
  return value;
}

template <class T>
T parse_number(const Option& option, std::string_view text) {
  T value{};
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  constexpr const char* kind = std::is_floating_point_v<T> ? "a number"
                               : std::is_unsigned_v<T>     ? "a whole number of at least 0"
                                                           : "a whole number";
  if (error == std::errc::result_out_of_range)
    fail(ErrorKind::usage, "{}: {} is beyond what fits (expected {})", option.shown, text, kind);
  if (error != std::errc() || end != digits.data() + digits.size())
    fail(ErrorKind::usage, "{}: expected {}, got '{}'", option.shown, kind, text);
  if constexpr (std::is_floating_point_v<T>)
    if (!std::isfinite(value)) fail(ErrorKind::usage, "{}: expected a finite number, got '{}'", option.shown, text);
  return checked_range(option, value);
}

bool parse_bool(const Option& option, std::string_view text) {
  for (const char* yes : {"true", "yes", "on", "1"})
    if (text == yes) return true;
  for (const char* no : {"false", "no", "off", "0"})
    if (text == no) return false;
  fail(ErrorKind::usage, "{}: expected true or false (or yes, no, on, off, 1, 0), got '{}'", option.shown, text);
}

std::string parse_string(const Option& option, std::string_view text) {
  if (const auto why = option.info.refused.find(std::string(text)); why != option.info.refused.end())
    fail(ErrorKind::usage, "{} {}: {}", option.shown, text, why->second);
  const auto& choices = option.info.choices;
  if (!choices.empty() && std::find(choices.begin(), choices.end(), text) == choices.end())
    fail(ErrorKind::usage, "{}: expected one of {}; got '{}'{}", option.shown, fmt::join(choices, ", "), text,
         did_you_mean(text, choices));
  return std::string(text);
}

template <class T>
T parse_one(const Option& option, std::string_view text) {
  if constexpr (std::is_same_v<T, bool>)
    return parse_bool(option, text);
  else if constexpr (std::is_same_v<T, std::string>)
    return parse_string(option, text);
  else
    return parse_number<T>(option, text);
}

// A comma separates numbers; a string is taken whole, for file names and labels may hold commas.
template <class T>
std::vector<T> parse_many(const Option& option, std::string_view text) {
  if constexpr (std::is_same_v<T, std::string>) return {parse_string(option, text)};
  std::vector<T> values;
  for (size_t at = 0; at <= text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    values.push_back(parse_one<T>(option, text.substr(at, comma - at)));
    at = comma + 1;
  }
  return values;
}

// One JSON value as the text that a flag would give.
std::string as_text(const Option& option, const json& value, bool wants_string, bool wants_bool) {
  if (wants_string) {
    if (value.is_string()) return value.get<std::string>();
    fail(ErrorKind::usage, "{}: expected a string, got {}", option.shown, value.dump());
  }
  if (value.is_number() && !wants_bool) {
    // 3.0 is a whole number too: some writers of JSON know floating point alone.
    if (value.is_number_float() && std::nearbyint(value.get<double>()) == value.get<double>() &&
        std::abs(value.get<double>()) < 0x1p53)
      return fmt::format("{:.0f}", value.get<double>());
    return value.dump();
  }
  if (value.is_boolean() && wants_bool) return value.dump();
  fail(ErrorKind::usage, "{}: expected {}, got {}", option.shown, wants_bool ? "true or false" : "a number",
       value.dump(-1, ' ', false, json::error_handler_t::replace));
}

template <class T>
void assign_json(const Option& option, T& target, const json& value, bool negated) {
  using Item = typename Unwrapped<T>::type;
  constexpr bool string = std::is_same_v<Item, std::string>, boolean = std::is_same_v<Item, bool>;
  const auto one = [&](const json& item) { return parse_one<Item>(option, as_text(option, item, string, boolean)); };
  if constexpr (kIsVector<T>) {
    T values;
    for (const auto& item : value.is_array() ? value : json::array({value})) values.push_back(one(item));
    target = std::move(values);
  } else if constexpr (boolean) {
    target = one(value) != negated;
  } else if (std::is_same_v<T, std::optional<Item>> && value.is_null()) {
    target = T();
  } else {
    target = one(value);
  }
}

void assign_json(Option& option, const json& value, bool negated) {
  std::visit([&](auto* target) { assign_json(option, *target, value, negated); }, option.target);
  option.given = !value.is_null();
}

template <class T>
json json_of(const T& value) {
  return value;
}
template <class T>
json json_of(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}

json value_of(const Option& option) {
  return std::visit([](const auto* target) { return json_of(*target); }, option.target);
}

// A value as help shows it: strings bare, lists with commas, nothing for null.
std::string plain_text(const json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.dump();
  std::vector<std::string> items;
  for (const auto& item : value) items.push_back(plain_text(item));
  return fmt::format("{}", fmt::join(items, ","));
}

}  // namespace

void OptionList::add(std::string name, OptionTarget target, OptionInfo info) {
  ATTUNE_CHECK(!has(name) && name.find('_') == std::string::npos, "option {} twice, or with an underscore", name);
  std::string shown = prefix_ + name;
  options_.push_back({std::move(name), std::move(shown), group_, target, std::move(info), "", false});
  Option& added = options_.back();
  added.default_text = plain_text(value_of(added));
}

std::vector<std::string> OptionList::names() const {
  std::vector<std::string> all;
  for (const auto& option : options_) all.push_back(option.name);
  return all;
}

std::optional<OptionList::Found> OptionList::look_up(std::string_view name) const {
  const std::string wanted = dashed(name);
  for (size_t i = 0; i < options_.size(); ++i)
    if (options_[i].name == wanted) return Found{i, false};
  for (size_t i = 0; i < options_.size(); ++i)
    if (std::holds_alternative<bool*>(options_[i].target) && "no-" + options_[i].name == wanted) return Found{i, true};
  return std::nullopt;
}

OptionList::Found OptionList::find(std::string_view name) const {
  if (const auto found = look_up(name)) return *found;
  auto known = names();
  if (dashed(name).starts_with("no-"))
    for (const auto& option : options_)
      if (std::holds_alternative<bool*>(option.target)) known.push_back("no-" + option.name);
  fail(ErrorKind::usage, "unknown option '{}'{}", name, did_you_mean(dashed(name), known));
}

bool OptionList::has(std::string_view name) const {
  return look_up(name).has_value();
}

bool OptionList::is_flag(std::string_view name) const {
  return std::holds_alternative<bool*>(options_[find(name).index].target);
}

bool OptionList::given(std::string_view name) const {
  return options_[find(name).index].given;
}

void OptionList::set(std::string_view name, std::string_view value) {
  const Found found = find(name);
  Option& option = options_[found.index];
  std::visit(
      [&](auto* target) {
        using T = std::remove_pointer_t<decltype(target)>;
        using Item = typename Unwrapped<T>::type;
        if constexpr (kIsVector<T>) {
          auto values = parse_many<Item>(option, value);
          if (!option.given) target->clear();
          target->insert(target->end(), values.begin(), values.end());
        } else if constexpr (std::is_same_v<T, bool>) {
          *target = parse_bool(option, value) != found.negated;
        } else {
          *target = parse_one<Item>(option, value);
        }
      },
      option.target);
  option.given = true;
}

void OptionList::set_from_json(const json& object, std::string_view where) {
  const auto body = [&] {
    if (!object.is_object()) fail(ErrorKind::usage, "expected a JSON object of options, got {}", object.type_name());
    std::set<size_t> seen;
    for (const auto& [key, value] : object.items()) {
      const Found found = find(key);
      Option& option = options_[found.index];
      if (!seen.insert(found.index).second)
        fail(ErrorKind::usage, "{} is given twice (dashes and underscores mean the same)", option.shown);
      if (!option.given) assign_json(option, value, found.negated);
    }
  };
  with_context([&] { return fmt::format("in {}", where); }, body);
}

void OptionList::check_required() const {
  for (const auto& option : options_)
    if (option.info.required && !option.given)
      fail(ErrorKind::usage, "{} is required{}", option.shown,
           option.info.help.empty() ? "" : " (" + option.info.help + ")");
}

json OptionList::to_json(bool affecting_result_only) const {
  json all = json::object();
  for (const auto& option : options_) {
    if (affecting_result_only && option.info.output_only) continue;
    std::string key = option.name;
    std::replace(key.begin(), key.end(), '-', '_');
    all[key] = value_of(option);
  }
  return all;
}

}  // namespace attune
