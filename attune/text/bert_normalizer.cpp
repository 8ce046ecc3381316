#include <nlohmann/json.hpp>

#include "attune/base/error.h"
#include "attune/text/json_fields.h"
#include "attune/text/lowercase.h"
#include "attune/text/normal_forms.h"
#include "attune/text/normalizer.h"
#include "attune/text/unicode.h"

namespace attune::text {
namespace {

// The plain form of what bert_words.cpp does in one pass; used where marks have to be put in order.
class BertNormalizer final : public Normalizer {
 public:
  explicit BertNormalizer(const BertOptions& options) : options_(options) {}

  void apply(AlignedText& text) const override {
    if (options_.clean_text) clean(text);
    if (options_.handle_chinese_chars) set_chinese_apart(text);
    if (options_.strip_accents) strip_accents(text);
    if (options_.lowercase) lowercase(text);
  }

 private:
  static void clean(AlignedText& text) {
    std::erase_if(text.chars, [](const AlignedChar& one) { return unicode::record(one.c).flags & unicode::kRemoved; });
    for (AlignedChar& one : text.chars)
      if (unicode::record(one.c).flags & unicode::kMadeSpace) one.c = U' ';
  }

  static void set_chinese_apart(AlignedText& text) {
    std::vector<AlignedChar> spaced;
    spaced.reserve(text.chars.size() + 16);
    for (const AlignedChar& one : text.chars) {
      const bool han = unicode::record(one.c).flags & unicode::kHan;
      if (han) spaced.push_back({U' ', one.begin, one.end});
      spaced.push_back(one);
      if (han) spaced.push_back({U' ', one.begin, one.end});
    }
    text.chars = std::move(spaced);
  }

  static void strip_accents(AlignedText& text) {
    apply_normal_form(NormalForm::nfd, text);
    std::erase_if(text.chars,
                  [](const AlignedChar& one) { return unicode::record(one.c).flags & unicode::kNonspacing; });
  }

  BertOptions options_;
};

}  // namespace

std::unique_ptr<Normalizer> make_bert_normalizer(const BertOptions& options) {
  return std::make_unique<BertNormalizer>(options);
}

BertOptions read_bert_options(const nlohmann::json& object) {
  BertOptions options;
  options.clean_text = json_bool(object, "clean_text", true);
  options.handle_chinese_chars = json_bool(object, "handle_chinese_chars", true);
  options.lowercase = json_bool(object, "lowercase", true);
  options.strip_accents = json_bool(object, "strip_accents", options.lowercase);
  return options;
}

}  // namespace attune::text
