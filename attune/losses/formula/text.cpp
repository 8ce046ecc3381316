#include "attune/losses/formula/text.h"

#include <algorithm>

#include "attune/base/error.h"
#include "attune/losses/language/characters.h"
#include "attune/losses/language/expression.h"

namespace attune::losses::formula {
namespace {

constexpr std::string_view kBegin = "formula:";
constexpr size_t kLongest = 4'096;

size_t skip_spaces(std::string_view text, size_t at) {
  return std::min(text.find_first_not_of(' ', at), text.size());
}

// text[begin, end) without spaces around it.
std::string_view trimmed(std::string_view text, size_t begin, size_t end) {
  begin = std::min(skip_spaces(text, begin), end);
  while (end > begin && text[end - 1] == ' ') --end;
  return text.substr(begin, end - begin);
}

std::string without_spaces(std::string_view text) {
  std::string out(text);
  std::erase(out, ' ');
  return out;
}

bool is_name(std::string_view text) {
  const auto inner = [](char c) { return is_letter(c) || is_digit(c) || c == '-'; };
  return !text.empty() && is_letter(text[0]) && std::all_of(text.begin(), text.end(), inner);
}

Setting setting_in(std::string_view text, size_t begin, size_t end) {
  const size_t equals = std::min(text.find('=', begin), end);
  const std::string_view name = trimmed(text, begin, equals);
  const size_t name_at = skip_spaces(text, begin);
  if (equals == end || !is_name(name)) fail_at(text, name_at, "behind ';' a number is named, as in '; g=2'");
  const std::string_view value = trimmed(text, equals + 1, end);
  const size_t value_at = skip_spaces(text, equals + 1);
  if (value.empty()) fail_at(text, value_at, fmt::format("expected the value of '{}'", name));
  Setting setting{.name = std::string(name), .value = without_spaces(value), .name_at = name_at, .value_at = value_at};
  std::replace(setting.name.begin(), setting.name.end(), '-', '_');  // label-smoothing, as flags are written
  if (setting.value.starts_with('[')) {
    if (!setting.value.ends_with(']')) fail_at(text, end, "expected ']'");
    setting.value = setting.value.substr(1, setting.value.size() - 2);
  }
  return setting;
}

}  // namespace

const Setting* Text::setting(std::string_view name) const {
  const auto found = std::find_if(settings.begin(), settings.end(), [&](const Setting& s) { return s.name == name; });
  return found == settings.end() ? nullptr : &*found;
}

std::string Text::normalized() const {
  std::string out(kBegin);
  out += ' ';
  for (const char c : trimmed(text, begin, end))
    if (c != ' ' || out.back() != ' ') out += c;
  for (const Setting& s : settings) {
    const bool list = s.value.find(',') != std::string::npos;
    out += fmt::format("; {}={}{}{}", s.name, list ? "[" : "", s.value, list ? "]" : "");
  }
  return out;
}

bool is_formula(std::string_view text) {
  const size_t at = text.find_first_not_of(" \t\r\n");
  return at != std::string_view::npos && text.substr(at).starts_with(kBegin);
}

Text split(std::string_view told) {
  Text text{.text = std::string(told), .settings = {}};
  std::replace_if(
      text.text.begin(), text.text.end(), [](char c) { return c == '\t' || c == '\n' || c == '\r'; }, ' ');
  if (!is_formula(told)) fail_at(text.text, 0, "expected 'formula:' and what is computed");
  if (told.size() > kLongest)
    fail(ErrorKind::usage, "the formula has {} characters; at most {} are allowed", told.size(), kLongest);
  const size_t size = text.text.size();
  text.begin = text.text.find(kBegin) + kBegin.size();
  text.end = std::min(text.text.find(';', text.begin), size);
  if (trimmed(text.text, text.begin, text.end).empty())
    fail_at(text.text, text.begin, "expected what is computed, as in 'formula: -(1-p[y])^g * log(p[y]); g=2'");
  for (size_t at = text.end; at < size;) {
    const size_t next = std::min(text.text.find(';', at + 1), size);
    Setting setting = setting_in(text.text, at + 1, next);
    if (text.setting(setting.name) != nullptr)
      fail_at(text.text, setting.name_at, fmt::format("'{}' is given twice", setting.name));
    text.settings.push_back(std::move(setting));
    at = next;
  }
  return text;
}

}  // namespace attune::losses::formula
