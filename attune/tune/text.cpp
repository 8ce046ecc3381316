#include "attune/tune/text.h"

#include <charconv>
#include <cmath>

namespace attune::tune {
namespace {

bool joins(char c) {
  return std::string_view("()[],=|+*").find(c) != std::string_view::npos;
}

}  // namespace

std::optional<double> whole_number_text(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

std::string tidied(std::string_view text) {
  std::string out;
  bool quoted = false, blank = false;
  for (const char c : text) {
    if (!quoted && is_blank(c)) {
      blank = true;
      continue;
    }
    if (blank && !out.empty() && !joins(out.back()) && !joins(c)) out += ' ';
    blank = false;
    if (c == '"') quoted = !quoted;
    out += c;
  }
  return out;
}

size_t end_of_part(std::string_view text, size_t at, std::string_view ends) {
  int depth = 0;
  char quote = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quote != 0) {
      if (c == quote) quote = 0;
      continue;
    }
    if (depth == 0 && ends.find(c) != std::string_view::npos) return at;
    if (c == '"' || c == '\'') quote = c;
    if (c == '(' || c == '[') ++depth;
    if ((c == ')' || c == ']') && --depth < 0) return at;
  }
  return at;
}

}  // namespace attune::tune
