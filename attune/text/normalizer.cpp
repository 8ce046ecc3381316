#include "attune/text/normalizer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "attune/base/error.h"
#include "attune/text/charsmap.h"
#include "attune/text/json_fields.h"
#include "attune/text/lowercase.h"
#include "attune/text/normal_forms.h"
#include "attune/text/replace.h"
#include "attune/text/unicode.h"

namespace attune::text {
namespace {

class Form final : public Normalizer {
 public:
  explicit Form(NormalForm form) : form_(form) {}
  void apply(AlignedText& text) const override { apply_normal_form(form_, text); }
  bool is_local(char32_t c) const override { return is_local_in(form_, c); }

 private:
  NormalForm form_;
};

class Lowercase final : public Normalizer {
 public:
  void apply(AlignedText& text) const override { lowercase(text); }
  bool is_local(char32_t) const override { return true; }
};

class StripAccents final : public Normalizer {
 public:
  void apply(AlignedText& text) const override {
    std::erase_if(text.chars,
                  [](const AlignedChar& one) { return unicode::record(one.c).flags & unicode::kCombiningMark; });
  }
  bool is_local(char32_t) const override { return true; }
};

class Strip final : public Normalizer {
 public:
  Strip(bool left, bool right) : left_(left), right_(right) {}

  void apply(AlignedText& text) const override {
    const auto is_space = [](const AlignedChar& one) { return unicode::record(one.c).flags & unicode::kWhitespace; };
    auto& chars = text.chars;
    while (right_ && !chars.empty() && is_space(chars.back())) chars.pop_back();
    if (left_) chars.erase(chars.begin(), std::find_if_not(chars.begin(), chars.end(), is_space));
  }
  bool is_local(char32_t c) const override { return !(unicode::record(c).flags & unicode::kWhitespace); }

 private:
  bool left_, right_;
};

class Prepend final : public Normalizer {
 public:
  explicit Prepend(std::u32string text) : text_(std::move(text)) {}

  void apply(AlignedText& text) const override {
    if (text.chars.empty()) return;
    const AlignedChar head = text.chars.front();
    std::vector<AlignedChar> before;
    for (const char32_t c : text_) before.push_back({c, head.begin, head.end});
    text.chars.insert(text.chars.begin(), before.begin(), before.end());
  }

 private:
  std::u32string text_;
};

class Sequence final : public Normalizer {
 public:
  explicit Sequence(std::vector<std::unique_ptr<Normalizer>> parts) : parts_(std::move(parts)) {}
  void apply(AlignedText& text) const override {
    for (const auto& part : parts_) part->apply(text);
  }

  bool is_local(char32_t c) const override {
    AlignedText text{{{c, 0, 1}}, 0};
    for (const auto& part : parts_) {
      const bool merges = part->merges_spaces() && part != parts_.back();
      for (const AlignedChar& one : text.chars)
        if (!part->is_local(one.c) || (merges && one.c == U' ')) return false;
      part->apply(text);
    }
    return true;
  }
  bool merges_spaces() const override { return !parts_.empty() && parts_.back()->merges_spaces(); }

 private:
  std::vector<std::unique_ptr<Normalizer>> parts_;
};

std::unique_ptr<Normalizer> make_sequence(const nlohmann::json& object) {
  std::vector<std::unique_ptr<Normalizer>> parts;
  for (const auto& part : required_array(object, "normalizers")) parts.push_back(make_normalizer(part));
  std::erase(parts, nullptr);
  return std::make_unique<Sequence>(std::move(parts));
}

}  // namespace

std::unique_ptr<Normalizer> make_normalizer(const nlohmann::json& object) {
  if (object.is_null()) return nullptr;
  const std::string type = required_type(object, "normalizer");
  if (type == "BertNormalizer") return make_bert_normalizer(read_bert_options(object));
  if (type == "NFC") return std::make_unique<Form>(NormalForm::nfc);
  if (type == "NFD") return std::make_unique<Form>(NormalForm::nfd);
  if (type == "NFKC") return std::make_unique<Form>(NormalForm::nfkc);
  if (type == "NFKD") return std::make_unique<Form>(NormalForm::nfkd);
  if (type == "Lowercase") return std::make_unique<Lowercase>();
  if (type == "StripAccents") return std::make_unique<StripAccents>();
  if (type == "Strip")
    return std::make_unique<Strip>(json_bool(object, "strip_left", true), json_bool(object, "strip_right", true));
  if (type == "Precompiled") return make_precompiled(required_string(object, "precompiled_charsmap"));
  if (type == "Replace") return make_replace(object);
  if (type == "Prepend") return std::make_unique<Prepend>(code_points(required_string(object, "prepend")));
  if (type == "Sequence") return make_sequence(object);
  fail(ErrorKind::model,
       "tokenizer.json asks for the normalizer '{}', which attune does not know; known are BertNormalizer, NFC, NFD, "
       "NFKC, NFKD, Lowercase, Strip, StripAccents, Replace, Prepend, Precompiled and Sequence",
       type);
}

}  // namespace attune::text
