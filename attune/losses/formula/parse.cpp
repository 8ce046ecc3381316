#include "attune/losses/formula/parse.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "attune/base/error.h"
#include "attune/base/suggest.h"
#include "attune/losses/language/characters.h"
#include "attune/losses/language/expression.h"
#include "attune/losses/shared/numbers_in_text.h"

namespace attune::losses::formula {
namespace {

constexpr int kDeepest = 100;

struct Function {
  const char* name;
  Op op;
};
constexpr Function kUnary[] = {{"log", Op::log},           {"exp", Op::exp},     {"sqrt", Op::sqrt},
                               {"abs", Op::abs},           {"tanh", Op::tanh},   {"sigmoid", Op::sigmoid},
                               {"softplus", Op::softplus}, {"log1p", Op::log1p}, {"expm1", Op::expm1},
                               {"stopgrad", Op::stopgrad}};
constexpr Function kReductions[] = {{"sum", Op::sum}, {"mean", Op::mean}, {"logsumexp", Op::logsumexp}};
constexpr const char* kOthers[] = {"min", "max", "softmax", "log_softmax", "where"};

template <size_t n>
const Function* named(const Function (&functions)[n], std::string_view name) {
  const auto found = std::find_if(functions, functions + n, [&](const Function& f) { return f.name == name; });
  return found == functions + n ? nullptr : found;
}

std::vector<std::string> function_names() {
  std::vector<std::string> names(std::begin(kOthers), std::end(kOthers));
  for (const Function& f : kUnary) names.emplace_back(f.name);
  for (const Function& f : kReductions) names.emplace_back(f.name);
  return names;
}

std::vector<std::string> values_of(TargetKind kind) {
  if (kind == TargetKind::scores) return {"z", "y", "t"};
  std::vector<std::string> names{"z", "p", "y", "n", "prior", "K", "N", "t"};
  if (kind == TargetKind::classes) names.emplace_back("onehot");
  return names;
}

class Parser {
 public:
  Parser(const Text& text, TargetKind kind, const LossFacts& facts, const std::vector<std::string>& options)
      : text_(text),
        here_(std::string_view(text.text).substr(0, text.end)),
        at_(text.begin),
        kind_(kind),
        facts_(facts),
        graph_(text.text, kind) {
    for (const Setting& setting : text.settings)
      if (std::find(options.begin(), options.end(), setting.name) == options.end()) add_number(setting);
  }

  Parsed all() {
    skip_spaces();
    const size_t begin = at_;
    const int root = sum();
    if (at_ < here_.size()) {
      if (text_.text.substr(at_, 1) == ")") fail_here("this ')' closes nothing");
      if (is_comparison_here()) fail_here("a comparison stands in where(condition, a, b) only");
      fail_here("expected an operator (+ - * / ^), ';' or the end");
    }
    if (graph_[root].vector)
      fail_at(text_.text, begin,
              "the formula is a vector over classes; one number an item is needed: sum(...), mean(...), max(...) or " +
                  std::string(kind_ == TargetKind::classes ? "[y]" : "logsumexp(...)"));
    for (const Number& number : numbers_)
      if (!number.used)
        fail_at(text_.text, number.setting->name_at, fmt::format("'{}' is not used in the formula", number.name()));
    return {std::move(graph_), root};
  }

 private:
  // A number of the formula's own.
  struct Number {
    const Setting* setting;
    double value;
    bool used = false;
    const std::string& name() const { return setting->name; }
  };

  void add_number(const Setting& setting) {
    const auto reserved = values_of(kind_), functions = function_names();
    for (const auto* names : {&reserved, &functions})
      if (std::find(names->begin(), names->end(), setting.name) != names->end())
        fail_at(text_.text, setting.name_at,
                fmt::format("'{}' has a meaning in formulas; choose another name", setting.name));
    const auto value = number_in(setting.value);
    if (!value)
      fail_at(text_.text, setting.value_at,
              fmt::format("{}: expected a number, got '{}'", setting.name, setting.value));
    numbers_.push_back({.setting = &setting, .value = *value});
  }

  char here() const { return at_ < here_.size() ? here_[at_] : '\0'; }
  void skip_spaces() {
    while (here() == ' ') ++at_;
  }
  bool take(char c) {
    if (here() != c) return false;
    ++at_;
    skip_spaces();
    return true;
  }
  void expect(char c, const std::string& where) {
    if (!take(c)) fail_here(fmt::format("expected '{}' {}", c, where));
  }
  [[noreturn]] void fail_here(const std::string& message) const { fail_at(text_.text, at_, message); }
  bool is_comparison_here() const { return here() == '<' || here() == '>' || here() == '='; }

  template <class Build>
  int build(size_t at, const Build& make) {
    graph_.set_at(at);
    return make();
  }

  int sum() {
    int x = product();
    for (;;) {
      const size_t at = at_;
      const Op op = here() == '+' ? Op::add : Op::subtract;
      if (!take('+') && !take('-')) return x;
      const int y = product();
      x = build(at, [&] { return graph_.binary(op, x, y); });
    }
  }

  int product() {
    int x = signed_power();
    for (;;) {
      const size_t at = at_;
      const Op op = here() == '*' ? Op::multiply : Op::divide;
      if (op == Op::multiply && here_.substr(at_).starts_with("**")) fail_here("a power is written with ^");
      if (!take('*') && !take('/')) return x;
      const int y = signed_power();
      x = build(at, [&] { return graph_.binary(op, x, y); });
    }
  }

  // All that nests comes by here.
  int signed_power() {
    if (++depth_ > kDeepest) fail_here(fmt::format("nested deeper than {}", kDeepest));
    const size_t at = at_;
    int x = -1;
    if (take('-')) {
      const int y = signed_power();
      x = build(at, [&] { return graph_.unary(Op::negative, y); });
    } else {
      x = power();
    }
    --depth_;
    return x;
  }

  int power() {
    const int x = indexed();
    const size_t at = at_;
    if (!take('^')) return x;
    const int y = signed_power();
    return build(at, [&] { return graph_.binary(Op::power, x, y); });
  }

  int indexed() {
    const size_t begin = at_;
    int x = primary();
    while (here() == '[') {
      if (kind_ != TargetKind::classes)
        fail_here(fmt::format("[y] is for tasks of one class an item; this one has {}", name(kind_)));
      const size_t at = at_;
      take('[');
      if (!(here() == 'y' && !is_letter(at_ + 1 < here_.size() ? here_[at_ + 1] : ' ') && take('y')))
        fail_here("expected y, the class of the item: an index is [y]");
      expect(']', "after the index");
      if (!graph_[x].vector)
        fail_at(text_.text, begin, "this is one number already; [y] takes the class's one of a vector");
      x = build(at, [&] { return graph_.at_y(x); });
    }
    return x;
  }

  int primary() {
    const size_t at = at_;
    if (take('(')) {
      const int x = sum();
      expect(')', fmt::format("that closes '(' at character {}", at + 1));
      return x;
    }
    if (is_digit(here()) || here() == '.') return build(at, [&] { return graph_.number(number()); });
    if (!is_letter(here())) fail_here("expected a number, a name or '('");
    while (is_letter(here()) || is_digit(here())) ++at_;
    const std::string name(here_.substr(at, at_ - at));
    skip_spaces();
    return here() == '(' ? call(name, at) : value(name, at);
  }

  double number() {
    double value = 0;
    const auto [end, error] = std::from_chars(here_.data() + at_, here_.data() + here_.size(), value);
    if (error != std::errc() || !std::isfinite(value)) fail_here("expected a number");
    at_ = static_cast<size_t>(end - here_.data());
    skip_spaces();
    return value;
  }

  [[noreturn]] void fail_unknown(const std::string& name, size_t at) const {
    auto names = values_of(kind_);
    if (named(kUnary, name) || named(kReductions, name) ||
        std::find(std::begin(kOthers), std::end(kOthers), name) != std::end(kOthers))
      fail_at(text_.text, at, fmt::format("'{}' is a function: expected '(' behind it", name));
    const std::string known = fmt::format("{}", fmt::join(names, ", "));
    for (const Number& number : numbers_) names.push_back(number.name());
    fail_at(
        text_.text, at,
        fmt::format("unknown name '{}'{}; tasks of {} have {}; a number of your own is told behind ';', as in '; {}=2'",
                    name, did_you_mean(name, names), losses::name(kind_), known, name));
  }

  int value(const std::string& name, size_t at) {
    for (Number& number : numbers_)
      if (number.name() == name) {
        number.used = true;
        return build(at, [&] { return graph_.number(number.value); });
      }
    const auto names = values_of(kind_);
    if (std::find(names.begin(), names.end(), name) == names.end()) fail_unknown(name, at);
    if (name == "y" && kind_ == TargetKind::classes)
      fail_at(text_.text, at,
              "y is the number of the class: it stands in brackets only, as in p[y]; 'onehot' is 1 there");
    if ((name == "n" || name == "prior") && std::ssize(facts_.counts) != facts_.labels)
      fail_at(text_.text, at,
              fmt::format("'{}' is made of the training items by label, which are not known here", name));
    if (name == "N" && !(facts_.items > 0))
      fail_at(text_.text, at, "'N' is the number of training items, which is not known here");
    return build(at, [&] {
      if (name == "K") return graph_.number(static_cast<double>(facts_.labels));
      if (name == "N") return graph_.number(facts_.items);
      if (name == "z") return graph_.leaf(Op::z);
      if (name == "t") return graph_.leaf(Op::progress);
      if (name == "n") return graph_.leaf(Op::counts);
      if (name == "prior") return graph_.leaf(Op::prior);
      if (name == "onehot") return graph_.leaf(Op::onehot);
      if (name == "y") return graph_.leaf(Op::target);
      return kind_ == TargetKind::classes ? graph_.unary(Op::exp, graph_.leaf(Op::log_p))
                                          : graph_.unary(Op::sigmoid, graph_.leaf(Op::z));
    });
  }

  // The arguments of `name`, '(' to ')'.
  struct Argument {
    int id;
    size_t at;
  };
  std::vector<Argument> arguments(const std::string& name, size_t at, size_t least, size_t most) {
    std::vector<Argument> found;
    take('(');
    while (here() != ')') {
      const size_t begin = at_;
      found.push_back({name == "where" && found.empty() ? condition() : sum(), begin});
      if (here() == ')') break;
      if (!take(',')) fail_here(fmt::format("expected ',' or ')' in {}(...)", name));
      if (here() == ')') fail_here("expected a number, a name or '('");
    }
    take(')');
    if (found.size() < least || found.size() > most)
      fail_at(text_.text, at,
              fmt::format("{} takes {}, got {}", name,
                          name == "where" ? "three arguments (condition, a, b)"
                          : most == 2     ? "one vector, or two arguments"
                                          : "one argument",
                          found.size()));
    return found;
  }

  int condition() {
    const int x = sum();
    const size_t at = at_;
    const bool less = here() == '<', more = here() == '>', equals = here() == '=';
    if (!less && !more && !equals) fail_here("expected a comparison (< <= > >= ==) in where(condition, a, b)");
    ++at_;
    const bool or_equal = here() == '=';
    if (equals && !or_equal) fail_at(text_.text, at, "equality is written ==");
    if (or_equal) ++at_;
    skip_spaces();
    const int y = sum();
    const Op op = equals ? Op::equal : or_equal ? Op::less_equal : Op::less;
    return build(at, [&] { return more ? graph_.binary(op, y, x) : graph_.binary(op, x, y); });
  }

  int vector_of(const std::string& name, const Argument& argument) {
    if (!graph_[argument.id].vector)
      fail_at(text_.text, argument.at,
              fmt::format("{} takes a vector over classes, such as z{}; this is one number", name,
                          kind_ == TargetKind::scores ? " of other tasks" : " or p"));
    return argument.id;
  }

  int call(const std::string& name, size_t at) {
    if (const Function* function = named(kUnary, name)) {
      const int x = arguments(name, at, 1, 1)[0].id;
      return build(at, [&] { return graph_.unary(function->op, x); });
    }
    if (const Function* function = named(kReductions, name)) {
      const int v = vector_of(name, arguments(name, at, 1, 1)[0]);
      return build(at, [&] { return graph_.reduce(function->op, v); });
    }
    if (name == "softmax" || name == "log_softmax") {
      const int v = vector_of(name, arguments(name, at, 1, 1)[0]);
      return build(at, [&] {
        const int log = graph_.log_softmax(v);
        return name == "softmax" ? graph_.unary(Op::exp, log) : log;
      });
    }
    if (name == "min" || name == "max") return extreme(name, at);
    if (name == "where") {
      const auto found = arguments(name, at, 3, 3);
      return build(at, [&] { return graph_.where(found[0].id, found[1].id, found[2].id); });
    }
    for (const Number& number : numbers_)
      if (number.name() == name)
        fail_at(text_.text, at, fmt::format("'{0}' is a number; a product is {0} * (...)", name));
    if (const auto names = values_of(kind_); std::find(names.begin(), names.end(), name) != names.end())
      fail_at(text_.text, at, fmt::format("'{0}' is no function; a product is {0} * (...)", name));
    fail_at(text_.text, at, fmt::format("unknown function '{}'{}", name, did_you_mean(name, function_names())));
  }

  // Of two arguments, or over classes.
  int extreme(const std::string& name, size_t at) {
    const auto found = arguments(name, at, 1, 2);
    const bool least = name == "min";
    if (found.size() == 2)
      return build(at, [&] { return graph_.binary(least ? Op::least : Op::most, found[0].id, found[1].id); });
    const int v = vector_of(name, found[0]);
    return build(at, [&] {
      if (!least) return graph_.reduce(Op::largest, v);
      return graph_.unary(Op::negative, graph_.reduce(Op::largest, graph_.unary(Op::negative, v)));
    });
  }

  const Text& text_;
  std::string_view here_;  // up to the end of the expression
  size_t at_;
  int depth_ = 0;
  TargetKind kind_;
  const LossFacts& facts_;
  Graph graph_;
  std::vector<Number> numbers_;
};

}  // namespace

Parsed parse(const Text& text, TargetKind kind, const LossFacts& facts, const std::vector<std::string>& options) {
  return Parser(text, kind, facts, options).all();
}

std::vector<double> priors(const LossFacts& facts) {
  const double all = std::accumulate(facts.counts.begin(), facts.counts.end(), 1.0);
  std::vector<double> shares;
  for (const double n : facts.counts) shares.push_back((n + 1 / static_cast<double>(facts.labels)) / all);
  return shares;
}

}  // namespace attune::losses::formula
