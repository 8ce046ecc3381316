#include "attune/track/runs/filter.h"

#include <cctype>
#include <charconv>
#include <optional>

#include "attune/base/error.h"
#include "attune/track/runs/run_values.h"

namespace attune::track {
namespace {

using nlohmann::json;

constexpr int kDeepest = 50;  // brackets and nots in each other

struct Token {
  std::string text;
  bool quoted = false;
  size_t at = 0;
};

[[noreturn]] void refuse(const std::string& text, size_t at, const std::string& expected) {
  const std::string rest = text.substr(std::min(at, text.size()), 20);
  fail(ErrorKind::usage, "--where: expected {} {}; as in \"macro_f1 > 0.8 and state = finished\"", expected,
       rest.empty() ? "at the end" : fmt::format("at '{}'", rest));
}

bool is_operator_sign(char c) {
  return c == '=' || c == '!' || c == '<' || c == '>' || c == '~';
}

std::vector<Token> tokens_of(const std::string& text) {
  std::vector<Token> tokens;
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    size_t end = at + 1;
    if (std::isspace(static_cast<unsigned char>(c))) {
      ++at;
      continue;
    }
    if (c == '"' || c == '\'') {
      end = text.find(c, at + 1);
      if (end == std::string::npos) refuse(text, at, "a closing quote for the one that opens");
      tokens.push_back({text.substr(at + 1, end - at - 1), true, at});
      at = end + 1;
      continue;
    }
    if (is_operator_sign(c))
      while (end < text.size() && is_operator_sign(text[end])) ++end;
    else if (c != '(' && c != ')')
      while (end < text.size() && !std::isspace(static_cast<unsigned char>(text[end])) &&
             !is_operator_sign(text[end]) && text[end] != '(' && text[end] != ')' && text[end] != '"' &&
             text[end] != '\'')
        ++end;
    tokens.push_back({text.substr(at, end - at), false, at});
    at = end;
  }
  return tokens;
}

std::optional<double> number_in(std::string_view text) {
  double number = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

bool compare(const json& has, const std::string& sign, const std::string& wanted) {
  if (has.is_null()) return false;
  const std::string text = has.is_boolean() ? has.dump() : shown(has);
  if (sign == "~") return text.find(wanted) != std::string::npos;
  const auto number = number_in(wanted);
  if (has.is_number() && number) {
    const auto value = has.get<double>();
    return sign == "=" || sign == "==" ? value == *number
           : sign == "!="              ? value != *number
           : sign == "<"               ? value < *number
           : sign == "<="              ? value <= *number
           : sign == ">"               ? value > *number
                                       : value >= *number;
  }
  const bool same = text == wanted || (has.is_boolean() && shown(has) == wanted);
  return sign == "=" || sign == "==" ? same : sign == "!=" && !same;
}

class Parser {
 public:
  explicit Parser(const std::string& text) : text_(text), tokens_(tokens_of(text)) {}

  Filter::Test parse(std::vector<std::string>& names) {
    names_ = &names;
    Filter::Test test = either(0);
    if (at_ < tokens_.size()) refuse(text_, tokens_[at_].at, "'and', 'or' or the end");
    return test;
  }

 private:
  bool take(const char* word) {
    if (at_ >= tokens_.size() || tokens_[at_].quoted || tokens_[at_].text != word) return false;
    ++at_;
    return true;
  }
  size_t place() const { return at_ < tokens_.size() ? tokens_[at_].at : text_.size(); }

  Filter::Test either(int depth) {
    Filter::Test test = both(depth);
    while (take("or"))
      test = [left = test, right = both(depth)](const StoredRun& run) { return left(run) || right(run); };
    return test;
  }
  Filter::Test both(int depth) {
    Filter::Test test = one(depth);
    while (take("and"))
      test = [left = test, right = one(depth)](const StoredRun& run) { return left(run) && right(run); };
    return test;
  }
  Filter::Test one(int depth) {
    if (depth > kDeepest) fail(ErrorKind::usage, "--where: brackets stand more than {} deep", kDeepest);
    if (take("not")) return [test = one(depth + 1)](const StoredRun& run) { return !test(run); };
    if (!take("(")) return condition();
    Filter::Test test = either(depth + 1);
    if (!take(")")) refuse(text_, place(), "')'");
    return test;
  }
  Filter::Test condition() {
    static const std::vector<std::string> kSigns{"=", "==", "!=", "<", "<=", ">", ">=", "~"};
    const auto is_sign = [&](size_t i) {
      return i < tokens_.size() && !tokens_[i].quoted &&
             std::find(kSigns.begin(), kSigns.end(), tokens_[i].text) != kSigns.end();
    };
    if (at_ >= tokens_.size() || is_sign(at_) || tokens_[at_].text == ")") refuse(text_, place(), "a name");
    const std::string name = tokens_[at_++].text;
    if (!is_sign(at_)) refuse(text_, place(), "one of = != < <= > >= ~");
    const std::string sign = tokens_[at_++].text;
    if (at_ >= tokens_.size() || is_sign(at_) || (!tokens_[at_].quoted && tokens_[at_].text.find_first_of("()") == 0))
      refuse(text_, place(), "a value");
    const std::string wanted = tokens_[at_++].text;
    names_->push_back(name);
    return [name, sign, wanted](const StoredRun& run) { return compare(value_of(run, name), sign, wanted); };
  }

  const std::string& text_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
  std::vector<std::string>* names_ = nullptr;
};

}  // namespace

Filter::Filter(const std::string& text) {
  if (text.find_first_not_of(" \t\n") == std::string::npos)
    test_ = [](const StoredRun&) { return true; };
  else
    test_ = Parser(text).parse(names_);
}

Filter::~Filter() = default;

bool Filter::matches(const StoredRun& run) const {
  return test_(run);
}

}  // namespace attune::track
