// What a normalizer makes of each character by itself, where it makes the same of it in any company: nearly all of
// nearly all texts. With it such a text is normalised while it is read (mark_words.h).
#pragma once
#include <array>
#include <atomic>
#include <memory>
#include <string_view>

#include "attune/text/normalizer.h"
#include "attune/text/word_in_hand.h"

namespace attune::text {

class LocalForms {
 public:
  enum class Kind : uint8_t {
    depends,  // on its neighbours, or it becomes nothing, or something long, or spaces among other characters
    letters,  // becomes `bytes`, in which there is neither space nor mark
    space,    // becomes one space
    mark,     // becomes one mark
  };
  struct Form {
    WordInHand::Bytes bytes{};
    uint8_t size = 0, characters = 0;
    Kind kind = Kind::depends;

    std::string_view text() const { return {bytes.data(), size}; }
  };

  // `normalizer` may be null (nothing changes); it outlives this. `any_space`: all white space counts as space, not
  // just U+0020.
  LocalForms(const Normalizer* normalizer, char32_t mark, bool any_space)
      : normalizer_(normalizer), mark_(mark), any_space_(any_space) {}
  ~LocalForms();
  LocalForms(const LocalForms&) = delete;

  // c <= U+10FFFF. May be called from many threads.
  const Form& operator()(char32_t c) const {
    const Page* page = pages_[c / kPage].load(std::memory_order_acquire);
    if (!page) page = make_page(c / kPage);
    return (*page)[c % kPage];
  }

 private:
  static constexpr size_t kPage = 256;
  using Page = std::array<Form, kPage>;

  const Page* make_page(size_t number) const;
  Form form_of(char32_t c) const;

  const Normalizer* normalizer_;
  char32_t mark_;
  bool any_space_;
  // Made when first asked for: most texts need a few of them.
  mutable std::array<std::atomic<const Page*>, 0x110000 / kPage> pages_{};
};

}  // namespace attune::text
