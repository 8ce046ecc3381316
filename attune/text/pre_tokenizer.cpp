#include "attune/text/pre_tokenizer.h"

#include <nlohmann/json.hpp>

#include "attune/base/error.h"
#include "attune/base/utf8.h"
#include "attune/text/json_fields.h"
#include "attune/text/unicode.h"

namespace attune::text {
namespace {

// Calls word(begin, end) for each word of `in`.
template <class Word>
void for_each_word(const Words& in, Word&& word) {
  size_t begin = 0;
  for (const size_t end : in.ends) {
    word(begin, end);
    begin = end;
  }
}

// Words end at white space, which is dropped; with `punctuation_apart` each punctuation character is a word.
class WhitespaceSplit final : public PreTokenizer {
 public:
  explicit WhitespaceSplit(bool punctuation_apart) : punctuation_apart_(punctuation_apart) {}

  void apply(const Words& in, Words& out) const override {
    for_each_word(in, [&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) {
        const uint8_t flags = unicode::record(in.chars[i].c).flags;
        const bool apart = punctuation_apart_ && (flags & unicode::kPunctuation);
        if (apart || (flags & unicode::kWhitespace)) out.end_word();
        if (!(flags & unicode::kWhitespace)) out.chars.push_back(in.chars[i]);
        if (apart) out.end_word();
      }
      out.end_word();
    });
  }

  bool splits_at_white_space() const override { return !punctuation_apart_; }

 private:
  bool punctuation_apart_;
};

enum class PrependScheme { always, first, never };

// Spaces become the mark "▁", each word begins with one (as `prepend` says), and a new word begins at every mark.
class Metaspace final : public PreTokenizer {
 public:
  Metaspace(char32_t mark, PrependScheme prepend, bool split) : mark_(mark), prepend_(prepend), split_(split) {}

  void apply(const Words& in, Words& out) const override {
    for_each_word(in, [&](size_t begin, size_t end) {
      const AlignedChar& head = in.chars[begin];
      const bool wanted = prepend_ == PrependScheme::always || (prepend_ == PrependScheme::first && head.begin == 0);
      if (wanted && head.c != U' ' && head.c != mark_) out.chars.push_back({mark_, head.begin, head.end});
      for (size_t i = begin; i < end; ++i) {
        AlignedChar one = in.chars[i];
        if (one.c == U' ') one.c = mark_;
        if (split_ && one.c == mark_) out.end_word();
        out.chars.push_back(one);
      }
      out.end_word();
    });
  }

  bool marks_spaces() const override { return true; }
  std::optional<MarkRules> mark_rules() const override {
    return prepend_ == PrependScheme::always && split_ ? std::optional(MarkRules{mark_, false}) : std::nullopt;
  }

 private:
  char32_t mark_;
  PrependScheme prepend_;
  bool split_;
};

class PreTokenizers final : public PreTokenizer {
 public:
  explicit PreTokenizers(std::vector<std::unique_ptr<PreTokenizer>> parts) : parts_(std::move(parts)) {}

  void apply(const Words& in, Words& out) const override {
    Words now = in;
    for (const auto& part : parts_) {
      out = {};
      part->apply(now, out);
      std::swap(now, out);
    }
    out = std::move(now);
  }

  bool marks_spaces() const override {
    for (const auto& part : parts_)
      if (part->marks_spaces()) return true;
    return false;
  }

  std::optional<MarkRules> mark_rules() const override {
    if (parts_.size() != 2 || !parts_[0]->splits_at_white_space()) return std::nullopt;
    std::optional<MarkRules> rules = parts_[1]->mark_rules();
    if (rules) rules->drops_white_space = true;
    return rules;
  }

 private:
  std::vector<std::unique_ptr<PreTokenizer>> parts_;
};

std::unique_ptr<PreTokenizer> make_metaspace(const nlohmann::json& object) {
  const std::string text = json_string(object, "replacement").value_or("▁");
  if (utf8::length(text) != 1)
    fail(ErrorKind::model, "Metaspace: 'replacement' should be one character, not '{}'", text);
  // Older files say add_prefix_space where newer ones say prepend_scheme.
  const bool prefix = json_bool(object, "add_prefix_space", true);
  const std::string scheme = json_string(object, "prepend_scheme").value_or(prefix ? "always" : "never");
  if (!prefix && scheme != "never")
    fail(ErrorKind::model, "Metaspace: 'add_prefix_space' is false, but 'prepend_scheme' is {}", scheme);
  PrependScheme prepend = PrependScheme::never;
  if (scheme == "always") {
    prepend = PrependScheme::always;
  } else if (scheme == "first") {
    prepend = PrependScheme::first;
  } else if (scheme != "never") {
    fail(ErrorKind::model, "Metaspace: 'prepend_scheme' should be always, first or never, not '{}'", scheme);
  }
  return std::make_unique<Metaspace>(utf8::decode(text, 0).code_point, prepend, json_bool(object, "split", true));
}

}  // namespace

std::unique_ptr<PreTokenizer> make_pre_tokenizer(const nlohmann::json& object) {
  if (object.is_null()) return nullptr;
  const std::string type = required_type(object, "pre_tokenizer");
  if (type == "BertPreTokenizer") return std::make_unique<WhitespaceSplit>(true);
  if (type == "WhitespaceSplit") return std::make_unique<WhitespaceSplit>(false);
  if (type == "Metaspace") return make_metaspace(object);
  if (type == "Sequence") {
    std::vector<std::unique_ptr<PreTokenizer>> parts;
    for (const auto& part : required_array(object, "pretokenizers")) parts.push_back(make_pre_tokenizer(part));
    std::erase(parts, nullptr);
    return std::make_unique<PreTokenizers>(std::move(parts));
  }
  fail(ErrorKind::model,
       "tokenizer.json asks for the pre-tokenizer '{}', which attune does not know; known are BertPreTokenizer, "
       "WhitespaceSplit, Metaspace and Sequence",
       type);
}

}  // namespace attune::text
