#include "attune/text/charsmap.h"

#include <cstring>

#include "attune/base/error.h"
#include "attune/base/utf8.h"
#include "attune/text/graphemes.h"
#include "attune/text/unicode.h"

namespace attune::text {
namespace {

uint32_t little_endian(std::string_view bytes) {
  uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

// The parts of a darts-clone unit.
uint32_t label(uint32_t unit) {
  return unit & (1U << 31 | 0xFF);
}
uint32_t offset(uint32_t unit) {
  return (unit >> 10) << ((unit & (1U << 9)) >> 6);
}
bool has_value(uint32_t unit) {
  return unit >> 8 & 1;
}
uint32_t value(uint32_t unit) {
  return unit & ~(1U << 31);
}

constexpr size_t kLongestWhole = 5;  // bytes of a cluster that is looked up as a whole

class Precompiled final : public Normalizer {
 public:
  explicit Precompiled(Charsmap map) : map_(std::move(map)) {}

  void apply(AlignedText& text) const override {
    std::vector<Change> changes;
    changes.reserve(text.chars.size());
    bool changed = false;
    std::string bytes;
    const std::span<const AlignedChar> chars(text.chars);
    for (size_t at = 0; at < chars.size();) {
      const size_t length = grapheme_length(chars.subspan(at));
      changed |= cluster(chars.subspan(at, length), bytes, changes);
      at += length;
    }
    if (changed) text.rewrite(changes);
  }

  // A character that never shares a cluster with another; of CR and LF only CR, when LF follows, begins one.
  bool is_local(char32_t c) const override {
    using unicode::Grapheme;
    const Grapheme kind = unicode::record(c).grapheme;
    return kind == Grapheme::other || kind == Grapheme::pictographic || kind == Grapheme::indic_consonant ||
           (kind == Grapheme::control && c != U'\r');
  }

 private:
  bool cluster(std::span<const AlignedChar> chars, std::string& bytes, std::vector<Change>& out) const {
    if (chars.size() > 1 && chars.size() <= kLongestWhole) {
      bytes.clear();
      for (const AlignedChar& one : chars) utf8::append(bytes, one.c);
      if (bytes.size() <= kLongestWhole)
        if (const auto form = map_.form_of(bytes)) return replace(chars.size(), *form, out), true;
    }
    bool changed = false;
    for (const AlignedChar& one : chars) {
      bytes.clear();
      utf8::append(bytes, one.c);
      if (const auto form = map_.form_of(bytes)) {
        replace(1, *form, out);
        changed = true;
      } else {
        out.push_back({one.c, 0});
      }
    }
    return changed;
  }

  // What is new stands at the end; what is gone counts for the last character that was written, of whatever cluster.
  static void replace(size_t old_count, std::string_view form, std::vector<Change>& out) {
    size_t new_count = 0;
    for (size_t at = 0; at < form.size(); ++new_count) {
      const utf8::Decoded one = utf8::decode(form, at);
      out.push_back({one.code_point, new_count < old_count ? 0 : 1});
      at += one.bytes;
    }
    if (new_count < old_count && !out.empty()) out.back().change -= static_cast<int32_t>(old_count - new_count);
  }

  Charsmap map_;
};

}  // namespace

Charsmap::Charsmap(std::string_view bytes) {
  const size_t size = bytes.size() < 4 ? 0 : little_endian(bytes);
  if (bytes.size() < 4 || size < 4 || size > bytes.size() - 4)
    fail(ErrorKind::model,
         "the Precompiled normalizer's map of {} bytes is cut off or not a map; copy tokenizer.json again",
         bytes.size());
  for (size_t at = 4; at + 4 <= 4 + size; at += 4) units_.push_back(little_endian(bytes.substr(at)));
  forms_ = bytes.substr(4 + size / 4 * 4);
  if (utf8::first_invalid(forms_))
    fail(ErrorKind::model,
         "the Precompiled normalizer's map holds forms that are not UTF-8; copy tokenizer.json again");
}

std::optional<std::string_view> Charsmap::form_of(std::string_view text) const {
  size_t node = offset(units_[0]);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == 0) return std::nullopt;
    node ^= byte;
    if (node >= units_.size() || label(units_[node]) != byte) return std::nullopt;
    const uint32_t unit = units_[node];
    node ^= offset(unit);
    if (!has_value(unit)) continue;
    if (node >= units_.size()) return std::nullopt;
    const size_t begin = value(units_[node]);
    if (begin > forms_.size()) return std::nullopt;
    return std::string_view(forms_).substr(begin, std::strlen(forms_.c_str() + begin));
  }
  return std::nullopt;
}

std::string decode_base64(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    uint32_t six = 0;
    if (c >= 'A' && c <= 'Z') {
      six = static_cast<uint32_t>(c - 'A');
    } else if (c >= 'a' && c <= 'z') {
      six = static_cast<uint32_t>(c - 'a' + 26);
    } else if (c >= '0' && c <= '9') {
      six = static_cast<uint32_t>(c - '0' + 52);
    } else if (c == '+' || c == '/') {
      six = c == '+' ? 62 : 63;
    } else {
      fail(ErrorKind::model, "base64 text holds the byte {} at {}", static_cast<unsigned char>(c), &c - text.data());
    }
    bits = bits << 6 | six;
    if ((count += 6) >= 8) out.push_back(static_cast<char>(bits >> (count -= 8)));
  }
  if (text.size() % 4 == 1) fail(ErrorKind::model, "base64 text is cut off: {} characters", text.size());
  return out;
}

std::unique_ptr<Normalizer> make_precompiled(std::string_view base64) {
  return std::make_unique<Precompiled>(Charsmap(decode_base64(base64)));
}

}  // namespace attune::text
