#include "attune/text/local_forms.h"

#include <algorithm>

#include "attune/base/utf8.h"
#include "attune/text/unicode.h"

namespace attune::text {

LocalForms::~LocalForms() {
  for (const auto& page : pages_) delete page.load();
}

const LocalForms::Page* LocalForms::make_page(size_t number) const {
  auto made = std::make_unique<Page>();
  for (size_t i = 0; i < kPage; ++i) (*made)[i] = form_of(static_cast<char32_t>(number * kPage + i));
  const Page* expected = nullptr;
  if (pages_[number].compare_exchange_strong(expected, made.get(), std::memory_order_acq_rel)) return made.release();
  return expected;  // another thread was faster; both made the same
}

LocalForms::Form LocalForms::form_of(char32_t c) const {
  AlignedText text{{{c, 0, 1}}, 0};
  if (normalizer_) {
    if (!normalizer_->is_local(c)) return {};
    normalizer_->apply(text);
  }
  const auto is_space = [this](const AlignedChar& one) {
    return one.c == U' ' || (any_space_ && (unicode::record(one.c).flags & unicode::kWhitespace));
  };
  const auto is_mark = [this](const AlignedChar& one) { return one.c == mark_; };
  std::string bytes;
  text.to_utf8(bytes, nullptr);
  Form form;
  if (bytes.empty() || bytes.size() > form.bytes.size()) return form;
  if (text.chars.size() == 1 && is_space(text.chars[0])) {
    form.kind = Kind::space;
  } else if (text.chars.size() == 1 && is_mark(text.chars[0])) {
    form.kind = Kind::mark;
  } else if (std::none_of(text.chars.begin(), text.chars.end(), is_space) &&
             std::none_of(text.chars.begin(), text.chars.end(), is_mark)) {
    form.kind = Kind::letters;
    form.size = static_cast<uint8_t>(bytes.size());
    form.characters = static_cast<uint8_t>(text.chars.size());
    std::copy(bytes.begin(), bytes.end(), form.bytes.begin());
  }
  return form;
}

}  // namespace attune::text
