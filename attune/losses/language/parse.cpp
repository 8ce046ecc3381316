#include <algorithm>
#include <charconv>
#include <cmath>

#include "attune/base/error.h"
#include "attune/base/suggest.h"
#include "attune/losses/language/characters.h"
#include "attune/losses/language/expression.h"

namespace attune::losses {
namespace {

class Parser {
 public:
  Parser(std::string_view text, const std::vector<std::string>& strategies) : text_(text), strategies_(strategies) {}

  LossExpression loss() {
    LossExpression loss{.text = std::string(text_), .terms = {}};
    skip_spaces();
    if (at_end()) fail("a loss is expected, as in cross_entropy or focal(gamma=2)");
    if (!take_strategy(loss.strategy)) {
      sum(loss.terms);
    } else {
      sum(loss.terms);
      while (take(',')) loss.strategy.options.push_back(option());
      expect(')', "or ',' behind the loss of a strategy");
      if (!at_end()) fail("a strategy wraps the whole loss: nothing may stand behind it");
    }
    if (!at_end()) fail("expected '+', after, until, from or the end");
    return loss;
  }

 private:
  void sum(std::vector<TermExpression>& terms) {
    do terms.push_back(term());
    while (take('+'));
  }

  // Takes "r_drop(" where it stands here.
  bool take_strategy(CallExpression& strategy) {
    const size_t begin = at_;
    for (const std::string& name : strategies_) {
      if (!text_.substr(begin).starts_with(name)) continue;
      at_ += name.size();
      skip_spaces();
      if (!is_letter(here()) && !is_digit(here())) {
        strategy.name = name, strategy.at = begin;
        expect('(', fmt::format("and a loss behind it, as in {}(cross_entropy)", name).c_str());
        return true;
      }
      at_ = begin;
    }
    return false;
  }

  bool at_end() const { return at_ == text_.size(); }
  char here() const { return at_end() ? '\0' : text_[at_]; }
  void skip_spaces() {
    while (!at_end() && (here() == ' ' || here() == '\t')) ++at_;
  }
  // label-smoothing, as flags are written.
  bool is_inner_dash() const { return here() == '-' && at_ + 1 < text_.size() && is_letter(text_[at_ + 1]); }
  // Takes the character, and spaces behind it.
  bool take(char c) {
    if (here() != c) return false;
    ++at_;
    skip_spaces();
    return true;
  }
  bool take_dots() {
    if (!text_.substr(at_).starts_with("..")) return false;
    at_ += 2;
    skip_spaces();
    return true;
  }
  void expect(char c, const char* where) {
    if (!take(c)) fail(fmt::format("expected '{}' {}", c, where));
  }
  [[noreturn]] void fail(const std::string& message) const { fail_at(text_, at_, message); }

  bool starts_number() const {
    const size_t digit = at_ + (here() == '-' || here() == '.' ? 1 : 0);
    return digit < text_.size() && (is_digit(text_[digit]) || text_[digit] == '.');
  }
  // The dots of 0..2 are none of the number's.
  double number() {
    double value = 0;
    const char* const last = text_.data() + std::min(text_.find("..", at_), text_.size());
    const auto [end, error] = std::from_chars(text_.data() + at_, last, value);
    if (error != std::errc() || !std::isfinite(value)) fail("expected a number");
    at_ = static_cast<size_t>(end - text_.data());
    skip_spaces();
    return value;
  }
  // A number's own characters.
  std::string number_text() {
    const size_t begin = at_;
    number();
    std::string text(text_.substr(begin, at_ - begin));
    while (text.ends_with(' ')) text.pop_back();
    return text;
  }
  std::string name(const char* expected) {
    const size_t begin = at_;
    if (!is_letter(here())) fail(fmt::format("expected {}", expected));
    while (is_letter(here()) || is_digit(here()) || is_inner_dash()) ++at_;
    std::string name(text_.substr(begin, at_ - begin));
    skip_spaces();
    return name;
  }

  TermExpression term() {
    TermExpression term;
    term.at = at_;
    if (starts_number()) {
      term.weight = number();
      expect('*', "after a term's weight, as in 0.5*focal");
    } else if (take('(')) {
      term.first_weight = number();
      if (!take_dots()) fail("expected '..' in a weight that changes, as in (0..1)*supcon");
      term.weight = number();
      expect(')', "after a weight that changes, as in (0..1)*supcon");
      expect('*', "after a term's weight, as in (0..1)*supcon");
    }
    term.call = call();
    term.when_at = at_;
    if (is_letter(here())) when(term);
    return term;
  }

  void when(TermExpression& term) {
    const size_t begin = at_;
    const std::string word = name("after, until or from");
    if (word == "after") {
      term.begin = share();
    } else if (word == "until") {
      term.end = share();
    } else if (word == "from") {
      term.begin = share();
      const size_t to = at_;
      if (name("to") != "to") fail_at(text_, to, "expected 'to', as in from 20% to 60%");
      term.end = share();
    } else {
      fail_at(
          text_, begin,
          fmt::format("expected '+', after, until, from or the end{}", did_you_mean(word, {"after", "until", "from"})));
    }
    if (!(term.begin < term.end)) fail_at(text_, begin, "this leaves no step of the training");
  }

  double share() {
    const size_t begin = at_;
    const double percent = number();
    expect('%', "after a share of the training, as in after 60%");
    if (!(percent >= 0 && percent <= 100)) fail_at(text_, begin, "expected a share from 0% to 100%");
    return percent / 100;
  }

  CallExpression call() {
    CallExpression call;
    call.at = at_;
    call.name = name("the name of a loss");
    if (here() == '=') fail_at(text_, call.at, fmt::format("a loss is expected here, not the option '{}'", call.name));
    if (std::find(strategies_.begin(), strategies_.end(), call.name) != strategies_.end())
      fail_at(text_, call.at,
              fmt::format("{} wraps a whole loss, so it stands first: {}(focal + poly1)", call.name, call.name));
    if (!take('(')) return call;
    while (here() != ')') {
      call.options.push_back(option());
      if (!take(',') && here() != ')') fail("expected ',' or ')'");
    }
    take(')');
    return call;
  }

  OptionExpression option() {
    OptionExpression option;
    option.name_at = at_;
    if (starts_number()) fail("an option is named, as in focal(gamma=2)");
    option.name = name("an option's name");
    expect('=', "after an option's name");
    option.value_at = at_;
    const bool is_number = starts_number();
    option.value = value();
    if (!is_number || !take_dots()) return option;
    option.last_at = at_;
    option.last = number_text();
    return option;
  }

  std::string value() {
    if (starts_number()) return number_text();
    if (take('[')) return list();
    if (here() == '"') return quoted();
    std::string text = name("a number, a name, a text in quotes or a list in brackets");
    if (!take('(')) return text;
    text += '(' + number_text() + ')';
    expect(')', "after the number");
    return text;
  }

  // With its quotes.
  std::string quoted() {
    const size_t end = text_.find('"', at_ + 1);
    if (end == std::string_view::npos) fail("this quote is never closed");
    std::string text(text_.substr(at_, end + 1 - at_));
    at_ = end + 1;
    skip_spaces();
    return text;
  }

  // Behind '['. Of numbers, or of rows of numbers: no deeper.
  std::string list(bool may_hold_rows = true) {
    std::string text;
    const bool rows = may_hold_rows && here() == '[';
    while (here() != ']') {
      if (rows) {
        expect('[', "before a row");
        text += list(false);
      } else {
        text += number_text();
      }
      if (here() == ']') break;
      if (!take(',')) fail("expected ',' or ']'");
      if (here() == ']') fail("expected a number");
      text += rows ? ';' : ',';
    }
    take(']');
    if (text.empty()) fail("an empty list says nothing");
    return text;
  }

  std::string_view text_;
  const std::vector<std::string>& strategies_;
  size_t at_ = 0;
};

}  // namespace

void fail_at(std::string_view text, size_t at, const std::string& message) {
  attune::fail(ErrorKind::usage, "{}\n  {}\n  {}^", message, text, std::string(at, ' '));
}

LossExpression parse_loss(std::string_view text, const std::vector<std::string>& strategies) {
  return Parser(text, strategies).loss();
}

}  // namespace attune::losses
