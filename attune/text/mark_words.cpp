#include "attune/text/mark_words.h"

#include <algorithm>

#include "attune/base/utf8.h"
#include "attune/text/ascii_run.h"
#include "attune/text/word_cache.h"

namespace attune::text {

// One run over a text: the place in it and the word in hand.
class MarkWords::Scan {
 public:
  Scan(const MarkWords& rules, WordInHand& word, int32_t origin, std::vector<Piece>& out)
      : rules_(rules), word_(word), at_(origin), out_(out) {}

  bool run(std::string_view bytes) {
    for (size_t i = 0; i < bytes.size();) {
      const auto byte = static_cast<unsigned char>(bytes[i]);
      if (byte < 0x80) {
        if (!open_ || only_mark())
          if (const size_t taken = printed_word(bytes.substr(i))) {
            i += taken;
            continue;
          }
        if (!character(byte)) return false;
        ++i;
      } else {
        const utf8::Decoded one = utf8::decode_inline(bytes, i);
        if (!character(one.code_point)) return false;
        i += one.bytes;
      }
      ++at_;
    }
    end_word();
    return true;
  }

  int32_t at() const { return at_; }

 private:
  // Whether the word in hand is nothing but its mark.
  bool only_mark() const { return characters_ == 1; }

  // Takes a short word of printed ASCII with a space or the end behind it; 0 where it is something else.
  size_t printed_word(std::string_view bytes) {
    WordKey key;
    if (!rules_.printed_stays_ || !read_run(bytes, Printed(), key)) return 0;
    if (key.size < bytes.size() && bytes[key.size] != ' ') return 0;
    const WordCut* cut = cache_.cut(rules_.model_, rules_.mark_, key, key.size + 1);
    if (!cut) return 0;
    const int32_t mark_at = open_ ? word_.origin(0) : at_;
    const auto mark_size = static_cast<int32_t>(rules_.mark_.size());
    const auto place = [&](int32_t byte) { return byte < mark_size ? mark_at : at_ + byte - mark_size; };
    int32_t begin = 0;
    for (size_t i = 0; i < cut->count; ++i) {
      const int32_t end = cut->ends[i];
      out_.push_back({cut->ids[i], place(begin), place(end - 1) + 1});
      begin = end;
    }
    at_ += static_cast<int32_t>(key.size);
    open_ = false;
    spaces_before_ = false;
    return key.size;
  }

  bool character(char32_t c) {
    const LocalForms::Form& form = rules_.forms_(c);
    switch (form.kind) {
      case LocalForms::Kind::depends:
        return false;
      case LocalForms::Kind::letters:
        if (!open_) begin_word();
        word_.add(form.bytes, form.size, at_);
        characters_ += form.characters;
        spaces_before_ = false;
        return true;
      case LocalForms::Kind::space:
        space();
        return true;
      case LocalForms::Kind::mark:
        end_word();
        begin_word();
        spaces_before_ = false;
        return true;
    }
    return false;
  }

  void space() {
    if (!(spaces_before_ && rules_.merges_spaces_)) end_word();
    spaces_before_ = true;
    if (!rules_.drops_spaces_) begin_word();
  }

  void begin_word() {
    word_.clear();
    word_.add(rules_.mark_bytes_, rules_.mark_.size(), at_);
    characters_ = 1;
    open_ = true;
  }

  void end_word() {
    if (open_) cache_.append(rules_.model_, rules_.mark_, word_, characters_, out_);
    open_ = false;
  }

  const MarkWords& rules_;
  WordCache& cache_ = WordCache::of_this_thread();
  WordInHand& word_;       // with its mark
  size_t characters_ = 0;  // of it
  int32_t at_;             // number of the code point in hand
  bool open_ = false;
  bool spaces_before_ = false;
  std::vector<Piece>& out_;
};

std::unique_ptr<MarkWords> MarkWords::make(const Normalizer* normalizer, const PreTokenizer* pre_tokenizer,
                                           const Model& model) {
  const std::optional<MarkRules> rules = pre_tokenizer ? pre_tokenizer->mark_rules() : std::nullopt;
  return rules ? std::make_unique<MarkWords>(normalizer, *rules, model) : nullptr;
}

MarkWords::MarkWords(const Normalizer* normalizer, const MarkRules& rules, const Model& model)
    : model_(model),
      forms_(normalizer, rules.mark, rules.drops_white_space),
      drops_spaces_(rules.drops_white_space),
      merges_spaces_(normalizer && normalizer->merges_spaces()) {
  utf8::append(mark_, rules.mark);
  std::copy(mark_.begin(), mark_.end(), mark_bytes_.begin());
  for (char32_t c = U'!'; c <= U'~'; ++c) {
    const LocalForms::Form& form = forms_(c);
    printed_stays_ =
        printed_stays_ && form.kind == LocalForms::Kind::letters && form.text() == std::string(1, static_cast<char>(c));
  }
}

std::optional<int32_t> MarkWords::append(std::string_view bytes, int32_t origin, std::vector<Piece>& out) const {
  return scan_or_undo<Scan>(*this, bytes, origin, out);
}

}  // namespace attune::text
