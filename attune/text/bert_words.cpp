#include "attune/text/bert_words.h"

#include <cstring>
#include <string>

#include "attune/base/utf8.h"
#include "attune/text/unicode.h"
#include "attune/text/word_cache.h"

namespace attune::text {

// One run over a text: the place in it and the word in hand.
class BertWords::Scan {
 public:
  Scan(const BertWords& rules, WordInHand& word, int32_t origin, std::vector<Piece>& out)
      : rules_(rules), longest_(rules.pieces_.max_characters()), word_(word), at_(origin), out_(out) {
    word_.clear();
  }

  bool run(std::string_view bytes) {
    for (size_t i = 0; i < bytes.size();) {
      if (static_cast<unsigned char>(bytes[i]) < 0x80) {
        const size_t usual = characters_ == 0 ? usual_ascii(bytes.substr(i)) : 0;
        i += usual > 0 ? usual : ascii(bytes.substr(i));
        continue;
      }
      const utf8::Decoded one = utf8::decode_inline(bytes, i);
      if (!character(one, bytes.substr(i))) return false;
      i += static_cast<size_t>(one.bytes);
      ++at_;
    }
    end_word();
    return true;
  }

  int32_t at() const { return at_; }

 private:
  // Takes a space, a punctuation character, or a short word of letters and digits with one of these or the end behind
  // it; 0 where it is something else. No word is open.
  size_t usual_ascii(std::string_view bytes) {
    const auto byte = static_cast<unsigned char>(bytes[0]);
    const Role role = rules_.ascii_[byte].role;
    if (role != Role::word) {
      if (role == Role::apart) out_.push_back({rules_.ascii_id_[byte], at_, at_ + 1});
      ++at_;
      return 1;
    }
    WordKey key;
    if (!read_run(bytes, rules_.alphanumeric_, key)) return 0;
    if (key.size < bytes.size() && !ends_word(bytes[key.size])) return 0;
    const WordCut* cut = cache_.cut(rules_.pieces_, {}, key, key.size);
    if (!cut) return 0;
    int32_t begin = at_;
    for (size_t i = 0; i < cut->count; ++i) {
      const int32_t end = at_ + cut->ends[i];
      out_.push_back({cut->ids[i], begin, end});
      begin = end;
    }
    at_ += static_cast<int32_t>(key.size);
    return key.size;
  }

  bool ends_word(char byte) const {
    const auto at = static_cast<unsigned char>(byte);
    return at < 0x80 && (rules_.ascii_[at].role == Role::space || rules_.ascii_[at].role == Role::apart);
  }

  // Takes a run of ASCII word characters, or one other ASCII character; returns how many bytes.
  size_t ascii(std::string_view bytes) {
    size_t run = 0;
    do {
      const auto byte = static_cast<unsigned char>(bytes[run]);
      if (byte >= 0x80 || (run > 0 && rules_.ascii_[byte].role != Role::word)) break;
      take(rules_.ascii_[byte]);
      ++at_;
      ++run;
      if (characters_ == 0) break;
    } while (run < bytes.size());
    return run;
  }

  // `bytes` begins with the character.
  bool character(const utf8::Decoded& one, std::string_view bytes) {
    const char32_t c = one.code_point;
    if (const std::optional<int32_t> id = rules_.id_apart(c)) {
      end_word();
      out_.push_back({*id, at_, at_ + 1});
      return true;
    }
    const Plan& plan = rules_.plans_[unicode::record_index(c)];
    switch (plan.role) {
      case Role::unordered:
        return false;
      case Role::hangul: {
        char32_t letters[3];
        const int count = unicode::decompose_hangul(c, letters);
        for (int i = 0; i < count; ++i) take(rules_.part_of(letters[i]));
        return true;
      }
      case Role::rewritten:
        for (size_t i = 0; i < plan.parts; ++i) take(rules_.parts_[plan.first_part + i]);
        return true;
      default:
        take(one.valid ? Part(plan.role, bytes, static_cast<size_t>(one.bytes)) : Part(plan.role, c));
        return true;
    }
  }

  void take(const Part& part) {
    if (part.role == Role::removed) return;
    if (part.role != Role::word) end_word();
    if (part.role == Role::space) return;
    if (characters_ == 0) first_ = at_;
    // Beyond the longest word only the count matters.
    if (characters_ <= longest_) word_.add(part.bytes, part.size, at_);
    ++characters_;
    last_ = at_;
    if (part.role == Role::apart) end_word();
  }

  void end_word() {
    if (characters_ == 0) return;
    if (characters_ > longest_) {
      out_.push_back({rules_.pieces_.unknown(), first_, last_ + 1});
    } else {
      cache_.append(rules_.pieces_, {}, word_, characters_, out_);
    }
    word_.clear();
    characters_ = 0;
  }

  const BertWords& rules_;
  const size_t longest_;
  WordCache& cache_ = WordCache::of_this_thread();
  WordInHand& word_;
  size_t characters_ = 0;         // of the word in hand
  int32_t first_ = 0, last_ = 0;  // its code points
  int32_t at_;                    // number of the code point in hand
  std::vector<Piece>& out_;
};

BertWords::BertWords(const BertOptions& options, const WordPiece& pieces)
    : options_(options), pieces_(pieces), alphanumeric_{options.lowercase}, apart_(kEndOfThree - kFirstOfThree) {
  plans_.reserve(unicode::records().size());
  for (const unicode::Record& record : unicode::records()) plans_.push_back(plan_of(record));
  plan_ascii();
}

BertWords::Part::Part(Role role_, char32_t c) : role(role_) {
  std::string utf8;
  utf8::append(utf8, c);
  size = static_cast<uint8_t>(utf8.size());
  utf8.copy(bytes.data(), utf8.size());
}

BertWords::Part::Part(Role role_, std::string_view text, size_t size_)
    : size(static_cast<uint8_t>(size_)), role(role_) {
  if (text.size() >= bytes.size())
    std::memcpy(bytes.data(), text.data(), bytes.size());
  else
    text.copy(bytes.data(), size_);
}

BertWords::Role BertWords::role_of(char32_t c) const {
  const uint8_t flags = unicode::record(c).flags;
  if (flags & unicode::kWhitespace) return Role::space;
  return flags & unicode::kPunctuation ? Role::apart : Role::word;
}

BertWords::Part BertWords::part_of(char32_t c) const {
  return {role_of(c), c};
}

// The first code point stands for all of the record: records with mappings belong to one code point each.
BertWords::Plan BertWords::plan_of(const unicode::Record& record) {
  const char32_t c = record.first;
  if (options_.clean_text && (record.flags & unicode::kRemoved)) return {Role::removed};
  if (options_.clean_text && (record.flags & unicode::kMadeSpace)) return {Role::space};
  const bool apart = options_.handle_chinese_chars && (record.flags & unicode::kHan);
  if (options_.strip_accents && record.hangul) return {Role::hangul};
  std::u32string text(1, c);
  if (options_.strip_accents) {
    if (record.canonical) text = unicode::text_of(record.canonical);
    for (const char32_t d : text) {
      const unicode::Record& part = unicode::record(d);
      if (part.combining != 0 && !(part.flags & unicode::kNonspacing)) return {Role::unordered};
    }
    std::erase_if(text, [](char32_t d) { return unicode::record(d).flags & unicode::kNonspacing; });
  }
  std::u32string lower;
  for (const char32_t d : text) {
    const char32_t* mapped = options_.lowercase ? unicode::record(d).lower : nullptr;
    mapped ? lower += unicode::text_of(mapped) : lower += d;
  }
  if (lower.empty()) return {Role::removed};
  if (lower == std::u32string(1, c)) return {apart ? Role::apart : role_of(c)};
  Plan plan{Role::rewritten, static_cast<uint8_t>(lower.size() + (apart ? 2 : 0)),
            static_cast<uint32_t>(parts_.size())};
  if (apart) parts_.push_back(part_of(U' '));
  for (const char32_t d : lower) parts_.push_back(part_of(d));
  if (apart) parts_.push_back(part_of(U' '));
  return plan;
}

int32_t BertWords::id_alone(const Part& part) const {
  std::vector<Piece> pieces;
  pieces_.append({part.bytes.data(), part.size}, 1, pieces);
  return pieces[0].id;
}

int32_t BertWords::look_up_apart(char32_t c) const {
  const Role role = plans_[unicode::record_index(c)].role;
  const int32_t entry = role == Role::apart ? id_alone({role, c}) + kFirstId : kNotApart;
  apart_[c - kFirstOfThree].store(entry, std::memory_order_relaxed);
  return entry;
}

void BertWords::plan_ascii() {
  for (unsigned char c = 0; c < 128; ++c) {
    const Plan& plan = plans_[unicode::record_index(c)];
    // Of ASCII only capital letters are rewritten, each into one letter.
    ascii_[c] = plan.role == Role::rewritten ? parts_[plan.first_part] : Part(plan.role, c);
    if (ascii_[c].role == Role::apart) ascii_id_[c] = id_alone(ascii_[c]);
  }
}

std::optional<int32_t> BertWords::append(std::string_view bytes, int32_t origin, std::vector<Piece>& out) const {
  return scan_or_undo<Scan>(*this, bytes, origin, out);
}

}  // namespace attune::text
