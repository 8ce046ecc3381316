#include "attune/tune/parse_space.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "attune/base/error.h"
#include "attune/base/suggest.h"
#include "attune/tune/text.h"

namespace attune::tune {
namespace {

constexpr size_t kMostAlternatives = 64;
constexpr std::string_view kDots = "..";

// Bytes begin..end of the option's text.
struct Part {
  size_t begin, end;
};

class Parser {
 public:
  Parser(const Told& told, const std::vector<KnownOption>& known, std::vector<Dimension>& dimensions)
      : option_(told.name), text_(told.text), known_(known), dimensions_(dimensions) {}

  void option() {
    check_pairs();
    domain(trimmed({0, text_.size()}), option_, std::nullopt);
  }

 private:
  [[noreturn]] void fail_at(size_t at, const std::string& message) const {
    fail(ErrorKind::usage, "the space of '{}': {}\n  {}\n  {}^", option_, message, text_, std::string(at, ' '));
  }
  std::string_view in(Part part) const { return std::string_view(text_).substr(part.begin, part.end - part.begin); }
  Part trimmed(Part part) const {
    while (part.begin < part.end && is_blank(text_[part.begin])) ++part.begin;
    while (part.end > part.begin && is_blank(text_[part.end - 1])) --part.end;
    return part;
  }

  void check_pairs() const {
    std::vector<size_t> open;
    for (size_t at = 0; at < text_.size(); ++at) {
      const char c = text_[at];
      if (c == '"' || c == '\'') {
        const size_t close = text_.find(c, at + 1);
        if (close == std::string::npos) fail_at(at, fmt::format("this {} is not closed", c));
        at = close;
      } else if (c == '(' || c == '[') {
        open.push_back(at);
      } else if (c == ')' || c == ']') {
        if (open.empty()) fail_at(at, fmt::format("this '{}' closes nothing: take it away or open it before", c));
        if ((text_[open.back()] == '(') != (c == ')'))
          fail_at(at, fmt::format("'{}' was opened, '{}' closes it", text_[open.back()], c));
        open.pop_back();
      }
    }
    if (!open.empty())
      fail_at(open.back(), fmt::format("this '{}' is not closed: add '{}'", text_[open.back()],
                                       text_[open.back()] == '(' ? ')' : ']'));
  }

  // Pieces of `part` between `mark`s that stand in no brackets and no quotes.
  std::vector<Part> split(Part part, char mark) const {
    std::vector<Part> pieces;
    const std::string_view all = std::string_view(text_).substr(0, part.end);
    for (size_t at = part.begin;;) {
      const size_t end = end_of_part(all, at, std::string_view(&mark, 1));
      pieces.push_back(trimmed({at, end}));
      if (end >= part.end) return pieces;
      at = end + 1;
    }
  }

  // Where ".." stands in `part` outside brackets and quotes, with a number at a side of it ("../a" is a text).
  std::optional<size_t> dots(Part part) const {
    const std::string_view all = std::string_view(text_).substr(0, part.end);
    for (size_t at = end_of_part(all, part.begin, "."); at < part.end; at = end_of_part(all, at + 1, ".")) {
      if (!all.substr(at).starts_with(kDots)) continue;
      const size_t end = std::min(part.end, text_.find(':', at));
      const bool number =
          whole_number_text(in(trimmed({part.begin, at}))) || whole_number_text(in(trimmed({at + kDots.size(), end})));
      return number ? std::optional(at) : std::nullopt;
    }
    return std::nullopt;
  }

  Numbers numbers_of(const std::string& name) const {
    for (const KnownOption& option : known_)
      if (option.name == name) return option.numbers;
    return Numbers::by_spelling;
  }

  double number(Part part, const char* where) const {
    part = trimmed(part);
    const auto value = whole_number_text(in(part));
    if (!value)
      fail_at(part.begin, fmt::format("expected a number {} '..', as in 1e-5..5e-4:log, got '{}'", where, in(part)));
    return *value;
  }

  Range range(Part part, size_t at, const std::string& name) const {
    Part high{at + kDots.size(), part.end};
    Range range{.low = 0, .high = 0};
    if (const size_t colon = text_.find(':', at); colon < part.end) {
      const std::string scale(in(trimmed({colon + 1, part.end})));
      if (scale != "log" && scale != "linear")
        fail_at(colon + 1, fmt::format("expected log or linear behind ':', got '{}'{}", scale,
                                       did_you_mean(scale, {"log", "linear"})));
      if (scale == "log") range.scale = Scale::logarithmic;
      high.end = colon;
    }
    range.low = number({part.begin, at}, "before"), range.high = number(high, "behind");
    if (range.low > range.high)
      fail_at(part.begin, fmt::format("{0} lies above {1}; did you mean {1}..{0}?", number_text(range.low),
                                      number_text(range.high)));
    if (range.low == range.high)
      fail_at(part.begin, fmt::format("this range is empty; for the one value write {}", number_text(range.low)));
    if (range.scale == Scale::logarithmic && range.low <= 0)
      fail_at(part.begin,
              fmt::format("{} has no logarithm: begin above 0, or leave ':log' away", number_text(range.low)));
    range.whole = is_whole({part.begin, high.end}, range, name);
    return range;
  }

  bool is_whole(Part ends, const Range& range, const std::string& name) const {
    const Numbers numbers = numbers_of(name);
    if (numbers == Numbers::real) return false;
    std::string spelled(in(ends));
    spelled.erase(spelled.find(kDots), kDots.size());
    const bool fits = std::trunc(range.low) == range.low && std::trunc(range.high) == range.high &&
                      std::max(std::abs(range.low), std::abs(range.high)) < 0x1p53;
    if (numbers == Numbers::whole && !fits)
      fail_at(ends.begin, fmt::format("'{}' takes whole numbers: write both ends so", name));
    return fits && (numbers == Numbers::whole || spelled.find_first_of(".eE") == std::string::npos);
  }

  size_t add(std::string name, std::variant<Range, Choice> domain, std::optional<Parent> parent) {
    const auto taken = [&](const std::string& wanted) {
      return std::any_of(dimensions_.begin(), dimensions_.end(), [&](const Dimension& d) { return d.name == wanted; });
    };
    if (taken(name)) {
      int count = 2;
      while (taken(fmt::format("{}#{}", name, count))) ++count;
      name = fmt::format("{}#{}", name, count);
    }
    dimensions_.push_back({.name = std::move(name), .domain = std::move(domain), .parent = parent});
    return dimensions_.size() - 1;
  }

  // A dimension of what stands in `part`; where it stands in the list.
  size_t domain(Part part, const std::string& name, std::optional<Parent> parent) {
    const auto parts = split(part, '|');
    for (const Part& piece : parts)
      if (piece.begin == piece.end)
        fail_at(piece.begin, parts.size() == 1
                                 ? "no value: write a range, as in 1e-5..5e-4:log, or a choice, as in 8|16"
                                 : "an alternative is missing beside '|': write it, or take '|' away");
    if (parts.size() > kMostAlternatives)
      fail_at(parts[kMostAlternatives].begin,
              fmt::format("{} alternatives, of at most {}", parts.size(), kMostAlternatives));
    if (parts.size() == 1)
      if (const auto at = dots(parts[0])) return add(name, range(parts[0], *at, name), parent);
    const size_t here = add(name, Choice{}, parent);
    Choice choice;
    for (const Part& piece : parts) {
      choice.alternatives.push_back(alternative(piece, {here, choice.alternatives.size()}));
      const std::string& label = choice.alternatives.back().label;
      for (size_t other = 0; other + 1 < choice.alternatives.size(); ++other)
        if (choice.alternatives[other].label == label)
          fail_at(piece.begin,
                  fmt::format("'{}' stands there twice: take one away{}", label,
                              label.find('?') != std::string::npos ? ", or make one range of the two" : ""));
    }
    const auto is_number = [](const Alternative& a) { return a.number.has_value(); };
    if (std::all_of(choice.alternatives.begin(), choice.alternatives.end(), is_number)) {
      choice.ordered = true;
      std::sort(choice.alternatives.begin(), choice.alternatives.end(),
                [](const Alternative& a, const Alternative& b) { return *a.number < *b.number; });
    }
    dimensions_[here].domain = std::move(choice);
    return here;
  }

  Alternative alternative(Part part, Parent self) {
    Alternative made{.label = {}, .literals = {""}};
    if (const auto number = whole_number_text(in(part))) {
      if (numbers_of(dimensions_[self.dimension].name) == Numbers::whole && std::trunc(*number) != *number)
        fail_at(part.begin, fmt::format("'{}' takes whole numbers", dimensions_[self.dimension].name));
      made.number = number;
      made.label = made.literals[0] = number_text(*number);
      return made;
    }
    if (const auto at = dots(part)) {
      const std::string name = option_ + ".value";
      hole(made, add(name, range(part, *at, option_), self));
    } else {
      pieces(part, "", self, made);
    }
    for (std::string& literal : made.literals) {
      literal = tidied(literal);
      made.label += (&literal == &made.literals[0] ? "" : "?") + literal;
    }
    return made;
  }

  static void hole(Alternative& made, size_t dimension) {
    made.holes.push_back(dimension);
    made.literals.emplace_back();
  }

  // Adds the text of `part`, and a hole for each range and choice within the calls in it. `call`: the one it stands in.
  void pieces(Part part, const std::string& call, Parent self, Alternative& made) {
    for (size_t at = part.begin; at < part.end;) {
      const char c = text_[at];
      if (c == '\'' || c == '"') {
        const size_t close = text_.find(c, at + 1);
        made.literals.back() += c == '"' ? in({at, close + 1}) : in({at + 1, close});
        at = close + 1;
      } else if (c == '(' || c == '[') {
        const size_t close = end_of_part(text_, at + 1, "");
        made.literals.back() += c;
        arguments({at + 1, close}, c == '(' ? name_before(part.begin, at) : call, self, made);
        made.literals.back() += text_[close];
        at = close + 1;
      } else {
        const size_t end = std::min(part.end, text_.find_first_of("'\"([", at));
        made.literals.back() += in({at, end});
        at = end;
      }
    }
  }

  // The name that ends at `at`: "focal" of "0.7*focal(".
  std::string name_before(size_t begin, size_t at) const {
    while (at > begin && is_blank(text_[at - 1])) --at;
    size_t from = at;
    while (from > begin && std::string_view(" \t+*(,=|\"'").find(text_[from - 1]) == std::string_view::npos) --from;
    return text_.substr(from, at - from);
  }

  void arguments(Part part, const std::string& call, Parent self, Alternative& made) {
    if (trimmed(part).begin == trimmed(part).end) return;
    bool first = true;
    for (const Part& argument : split(part, ',')) {
      if (!first) made.literals.back() += ',';
      first = false;
      const std::string_view all = std::string_view(text_).substr(0, argument.end);
      const size_t equals = end_of_part(all, argument.begin, "=");
      if (equals == argument.end) {
        if (const auto at = dots(argument))
          fail_at(argument.begin,
                  "a range within brackets needs a name, as in focal(gamma=0.5..3); a text that is meant "
                  "as it stands goes in single quotes");
        pieces(argument, call, self, made);
        continue;
      }
      const std::string name = tidied(in({argument.begin, equals}));
      made.literals.back() += name + "=";
      value(trimmed({equals + 1, argument.end}), option_ + (call.empty() ? "." : "." + call + ".") + name, self, made);
    }
  }

  void value(Part part, const std::string& name, Parent self, Alternative& made) {
    const auto parts = split(part, '|');
    const bool numbers = std::all_of(parts.begin(), parts.end(),
                                     [&](const Part& piece) { return dots(piece) || whole_number_text(in(piece)); });
    const bool bracketed =
        part.end > part.begin + 1 && text_[part.begin] == '(' && end_of_part(text_, part.begin + 1, "") == part.end - 1;
    if (bracketed) {
      hole(made, domain({part.begin + 1, part.end - 1}, name, self));
    } else if (numbers && (parts.size() > 1 || dots(part))) {
      hole(made, domain(part, name, self));
    } else {
      pieces(part, "", self, made);
    }
  }

  const std::string& option_;
  const std::string& text_;
  const std::vector<KnownOption>& known_;
  std::vector<Dimension>& dimensions_;
};

}  // namespace

Space parse_space(const std::vector<Told>& told, const std::vector<KnownOption>& known) {
  std::vector<std::string> names;
  for (const KnownOption& option : known) names.push_back(option.name);
  std::vector<Dimension> dimensions;
  for (size_t i = 0; i < told.size(); ++i) {
    const std::string& name = told[i].name;
    if (!known.empty() && std::find(names.begin(), names.end(), name) == names.end())
      fail(ErrorKind::usage, "the space: '{}' is no option that can be searched{}", name, did_you_mean(name, names));
    for (size_t before = 0; before < i; ++before)
      if (told[before].name == name)
        fail(ErrorKind::usage, "the space: '{}' is told twice, '{}' and '{}': tell it once", name, told[before].text,
             told[i].text);
    Parser(told[i], known, dimensions).option();
  }
  return Space(std::move(dimensions));
}

}  // namespace attune::tune
