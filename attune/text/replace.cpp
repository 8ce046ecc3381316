#include "attune/text/replace.h"

#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>

#include "attune/base/error.h"
#include "attune/text/json_fields.h"
#include "attune/text/unicode.h"

namespace attune::text {
namespace {

constexpr size_t kUnlimited = std::numeric_limits<size_t>::max();

// One character of a pattern: any of `any` (or white space), `least` to `most` times, as many as there are.
struct Atom {
  std::u32string any;
  bool white_space = false;
  size_t least = 1, most = 1;

  bool accepts(char32_t c) const {
    return any.find(c) != std::u32string::npos || (white_space && (unicode::record(c).flags & unicode::kWhitespace));
  }
};

// Reads the subset of regular expressions that the header names; anything else throws.
class PatternReader {
 public:
  explicit PatternReader(const std::string& source) : source_(source), text_(code_points(source)) {}

  std::vector<Atom> read() {
    std::vector<Atom> atoms;
    int quantified = 0;
    while (at_ < text_.size()) {
      atoms.push_back(atom());
      if (quantifier(atoms.back()) && ++quantified > 1) unknown();
    }
    if (atoms.empty()) unknown();
    return atoms;
  }

 private:
  [[noreturn]] void unknown() const {
    fail(ErrorKind::model,
         "tokenizer.json asks to replace the regular expression '{}', which attune does not know; known are "
         "characters, \\s and classes like [ \\t], at most one of them with + {{n}} {{n,}} or {{n,m}}",
         source_);
  }

  char32_t next() {
    if (at_ >= text_.size()) unknown();
    return text_[at_++];
  }

  Atom atom() {
    Atom one;
    const char32_t c = next();
    if (c == U'[') {
      if (at_ < text_.size() && text_[at_] == U'^') unknown();
      while (at_ < text_.size() && text_[at_] != U']') {
        const char32_t member = next();
        if (member == U'-' || member == U'[' || member == U'&') unknown();
        character(member, one);
      }
      if (next() != U']' || (one.any.empty() && !one.white_space)) unknown();
    } else {
      if (std::u32string_view(U".^$*+?()|{}]").find(c) != std::u32string_view::npos) unknown();
      character(c, one);
    }
    return one;
  }

  void character(char32_t c, Atom& into) {
    if (c != U'\\') return into.any.push_back(c);
    const char32_t escaped = next();
    if (escaped == U's') {
      into.white_space = true;
    } else if (escaped == U'n') {
      into.any.push_back(U'\n');
    } else if (escaped == U't') {
      into.any.push_back(U'\t');
    } else if (escaped == U'r') {
      into.any.push_back(U'\r');
    } else if (escaped < 128 && (unicode::record(escaped).flags & unicode::kPunctuation)) {
      into.any.push_back(escaped);
    } else {
      unknown();
    }
  }

  bool quantifier(Atom& of) {
    if (at_ >= text_.size()) return false;
    if (text_[at_] == U'+') {
      ++at_;
      of.most = kUnlimited;
    } else if (text_[at_] == U'{') {
      ++at_;
      of.least = of.most = number();
      if (at_ < text_.size() && text_[at_] == U',') {
        ++at_;
        of.most = at_ < text_.size() && text_[at_] == U'}' ? kUnlimited : number();
      }
      if (next() != U'}' || of.least == 0 || of.most < of.least) unknown();
    } else {
      return false;
    }
    // A lazy or possessive mark, or a second quantifier, would change the meaning.
    if (at_ < text_.size() && std::u32string_view(U"+*?{").find(text_[at_]) != std::u32string_view::npos) unknown();
    return true;
  }

  size_t number() {
    size_t value = 0, digits = 0;
    for (; at_ < text_.size() && text_[at_] >= U'0' && text_[at_] <= U'9' && digits < 6; ++at_, ++digits)
      value = value * 10 + (text_[at_] - U'0');
    if (digits == 0) unknown();
    return value;
  }

  const std::string& source_;
  std::u32string text_;
  size_t at_ = 0;
};

class Replace final : public Normalizer {
 public:
  Replace(std::vector<Atom> pattern, std::u32string content)
      : pattern_(std::move(pattern)), content_(std::move(content)) {}

  bool is_local(char32_t c) const override { return !pattern_[0].accepts(c) || (c == U' ' && merges_spaces()); }
  bool merges_spaces() const override {
    const Atom& first = pattern_[0];
    return pattern_.size() == 1 && first.any == U" " && !first.white_space && first.least <= 2 &&
           first.most == kUnlimited && content_ == U" ";
  }

  void apply(AlignedText& text) const override {
    const std::vector<AlignedChar>& chars = text.chars;
    std::vector<AlignedChar> result;
    size_t kept = 0;  // characters before it are in `result`
    for (size_t at = 0; at < chars.size();) {
      const size_t length = match(chars, at);
      if (length == 0) {
        ++at;
        continue;
      }
      result.insert(result.end(), chars.begin() + static_cast<std::ptrdiff_t>(kept),
                    chars.begin() + static_cast<std::ptrdiff_t>(at));
      at = kept = at + length;
      for (const char32_t c : content_) result.push_back({c, chars[at - 1].begin, chars[at - 1].end});
    }
    if (kept == 0) return;
    result.insert(result.end(), chars.begin() + static_cast<std::ptrdiff_t>(kept), chars.end());
    text.chars = std::move(result);
  }

 private:
  // Length of the match at `at`, or 0. One atom at most is repeated: it takes as much as the atoms behind it allow.
  size_t match(const std::vector<AlignedChar>& chars, size_t at) const {
    if (!pattern_[0].accepts(chars[at].c)) return 0;
    size_t place = at;
    for (size_t i = 0; i < pattern_.size(); ++i) {
      const Atom& atom = pattern_[i];
      size_t times = 0;
      while (times < atom.most && place + times < chars.size() && atom.accepts(chars[place + times].c)) ++times;
      if (times < atom.least) return 0;
      if (atom.most == atom.least) {
        place += times;
        continue;
      }
      for (;; --times) {
        if (row(chars, place + times, i + 1)) return place + times + (pattern_.size() - i - 1) - at;
        if (times == atom.least) return 0;
      }
    }
    return place - at;
  }

  // Whether the atoms from `first` on, once each, stand at `place`.
  bool row(const std::vector<AlignedChar>& chars, size_t place, size_t first) const {
    if (place + (pattern_.size() - first) > chars.size()) return false;
    for (size_t i = first; i < pattern_.size(); ++i, ++place)
      if (!pattern_[i].accepts(chars[place].c)) return false;
    return true;
  }

  std::vector<Atom> pattern_;
  std::u32string content_;
};

}  // namespace

std::unique_ptr<Normalizer> make_replace(const nlohmann::json& object) {
  const std::u32string content = code_points(required_string(object, "content"));
  const auto pattern = object.find("pattern");
  if (pattern == object.end() || !pattern->is_object())
    fail(ErrorKind::model,
         "the Replace normalizer needs a 'pattern' of the form {{\"String\": ...}} or {{\"Regex\": ...}}");
  if (const auto expression = json_string(*pattern, "Regex"))
    return std::make_unique<Replace>(PatternReader(*expression).read(), content);
  std::vector<Atom> atoms;
  for (const char32_t c : code_points(required_string(*pattern, "String"))) atoms.push_back({std::u32string(1, c)});
  if (atoms.empty()) fail(ErrorKind::model, "the Replace normalizer has an empty 'pattern'");
  return std::make_unique<Replace>(std::move(atoms), content);
}

}  // namespace attune::text
