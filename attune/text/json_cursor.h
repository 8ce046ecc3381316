// A place in a JSON document, for reading the few shapes that long lists have without building a document.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace attune::text {

// Each reading step skips white space before it. A step that does not find what it reads says so; the cursor is then
// anywhere. Texts are not checked for UTF-8.
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view document) : document_(document) {}

  size_t offset() const { return at_; }

  // The next byte that is not white space, or 0 at the end.
  char next() {
    while (at_ < document_.size() && is_space(document_[at_])) ++at_;
    return at_ < document_.size() ? document_[at_] : '\0';
  }
  bool take(char byte) {
    if (next() != byte || at_ == document_.size()) return false;
    ++at_;
    return true;
  }

  struct Text {
    std::string_view raw;  // between the quotes
    bool escaped;          // holds a backslash
    bool ascii;
  };
  std::optional<Text> string();

  struct Number {
    uint64_t digits;  // all of them as one whole number ...
    int exponent;     // ... times 10 to this power
    bool negative;
    bool whole;  // without a point
  };
  // A number of at most 19 digits, without an exponent.
  std::optional<Number> number();

  // Steps over a value of any kind; brackets are counted, not matched.
  bool skip_value();

 private:
  static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

  std::string_view document_;
  size_t at_ = 0;
};

// What a JSON string spells; nothing where an escape is not JSON or names half of a surrogate pair.
std::optional<std::string> unescaped(std::string_view raw);

}  // namespace attune::text
