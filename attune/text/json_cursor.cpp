#include "attune/text/json_cursor.h"

#include <charconv>

#include "attune/base/utf8.h"

namespace attune::text {
namespace {

// The number of four hexadecimal digits at `at`.
std::optional<uint32_t> hexadecimal(std::string_view text, size_t at) {
  uint32_t value = 0;
  if (at + 4 > text.size()) return std::nullopt;
  const char *first = text.data() + at, *last = first + 4;
  const auto [end, error] = std::from_chars(first, last, value, 16);
  if (error != std::errc() || end != last) return std::nullopt;
  return value;
}

// The code point of the \u escape whose digits begin at `at`, which moves behind it.
std::optional<char32_t> escaped_code_point(std::string_view raw, size_t& at) {
  const std::optional<uint32_t> high = hexadecimal(raw, at);
  if (!high) return std::nullopt;
  at += 4;
  if (*high < 0xD800 || *high > 0xDFFF) return *high;
  if (*high > 0xDBFF || raw.substr(at, 2) != "\\u") return std::nullopt;
  const std::optional<uint32_t> low = hexadecimal(raw, at + 2);
  if (!low || *low < 0xDC00 || *low > 0xDFFF) return std::nullopt;
  at += 6;
  return 0x10000 + ((*high - 0xD800) << 10) + (*low - 0xDC00);
}

}  // namespace

std::optional<JsonCursor::Text> JsonCursor::string() {
  if (!take('"')) return std::nullopt;
  const size_t begin = at_;
  bool escaped = false;
  unsigned char all = 0;
  for (; at_ < document_.size(); ++at_) {
    const auto byte = static_cast<unsigned char>(document_[at_]);
    if (byte == '"') return Text{document_.substr(begin, at_++ - begin), escaped, all < 0x80};
    all |= byte;
    if (byte < 0x20) return std::nullopt;
    if (byte != '\\') continue;
    escaped = true;
    ++at_;
  }
  return std::nullopt;
}

std::optional<JsonCursor::Number> JsonCursor::number() {
  Number result{0, 0, next() == '-', true};
  if (result.negative) ++at_;
  const auto read_digits = [&] {
    const size_t begin = at_;
    for (; at_ < document_.size() && document_[at_] >= '0' && document_[at_] <= '9'; ++at_)
      result.digits = result.digits * 10 + static_cast<uint64_t>(document_[at_] - '0');
    return at_ - begin;
  };
  const size_t begin = at_, before = read_digits();
  if (before == 0 || (before > 1 && document_[begin] == '0')) return std::nullopt;
  size_t behind = 0;
  if (at_ < document_.size() && document_[at_] == '.') {
    ++at_;
    behind = read_digits();
    if (behind == 0) return std::nullopt;
    result.whole = false;
  }
  const char after = at_ < document_.size() ? document_[at_] : '\0';
  if (before + behind > 19 || after == 'e' || after == 'E') return std::nullopt;
  result.exponent = -static_cast<int>(behind);
  return result;
}

bool JsonCursor::skip_value() {
  int depth = 0;
  do {
    switch (next()) {
      case '\0':
        return false;
      case '"':
        if (!string()) return false;
        break;
      case '{':
      case '[':
        ++depth, ++at_;
        break;
      case '}':
      case ']':
        --depth, ++at_;
        break;
      case ',':
      case ':':
        if (depth == 0) return false;
        ++at_;
        continue;  // no value ends here
      default:
        while (at_ < document_.size() &&
               std::string_view(",:{}[]\" \t\r\n").find(document_[at_]) == std::string_view::npos)
          ++at_;
    }
  } while (depth > 0);
  return depth == 0;
}

std::optional<std::string> unescaped(std::string_view raw) {
  constexpr std::string_view kLetters = "\"\\/bfnrt", kMeant = "\"\\/\b\f\n\r\t";
  std::string out;
  for (size_t at = 0; at < raw.size();) {
    if (raw[at] != '\\') {
      out.push_back(raw[at++]);
      continue;
    }
    if (++at == raw.size()) return std::nullopt;
    const char letter = raw[at++];
    if (letter == 'u') {
      const std::optional<char32_t> c = escaped_code_point(raw, at);
      if (!c) return std::nullopt;
      utf8::append(out, *c);
    } else if (const size_t which = kLetters.find(letter); which != std::string_view::npos) {
      out.push_back(kMeant[which]);
    } else {
      return std::nullopt;
    }
  }
  return out;
}

}  // namespace attune::text
