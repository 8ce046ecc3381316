#include "attune/text/bert_words.h"

#include <cstring>
#include <string>

#include "attune/base/utf8.h"
#include "attune/text/unicode.h"
#include "attune/text/usual_utf8.h"

namespace attune::text {
namespace {

// A word being collected. While it is pure ASCII its bytes are code points `first`, `first` + 1, ...; the origins of
// the bytes are written only once that ends.
struct Word {
  std::string bytes;
  std::vector<int32_t> origins;  // by byte; used if !plain
  size_t characters = 0;
  int32_t first = 0, last = 0;
  bool plain = true;

  bool empty() const { return characters == 0; }
  void clear() {
    bytes.clear();
    origins.clear();
    characters = 0;
    plain = true;
  }
};

}  // namespace

// One run over a text: the place in it and the word in hand.
class BertWords::Scan {
 public:
  Scan(const BertWords& rules, Word& word, int32_t origin, std::vector<Piece>& out)
      : rules_(rules), word_(word), at_(origin), out_(out) {
    word_.clear();
  }

  bool run(std::string_view bytes) {
    for (size_t i = 0; i < bytes.size();) {
      if (static_cast<unsigned char>(bytes[i]) < 0x80) {
        const size_t usual = word_.empty() ? usual_ascii(bytes.substr(i)) : 0;
        i += usual > 0 ? usual : ascii(bytes.substr(i));
        continue;
      }
      const utf8::Decoded one = decode(bytes, i);
      if (!character(one.code_point, bytes.substr(i, one.bytes), one.valid)) return false;
      i += one.bytes;
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
    const Role role = rules_.ascii_role_[byte];
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
    return at < 0x80 && (rules_.ascii_role_[at] == Role::space || rules_.ascii_role_[at] == Role::apart);
  }

  // Takes a run of ASCII word characters, or one other ASCII character; returns how many bytes.
  size_t ascii(std::string_view bytes) {
    size_t run = 0;
    while (run < bytes.size() && static_cast<unsigned char>(bytes[run]) < 0x80 &&
           rules_.ascii_role_[static_cast<unsigned char>(bytes[run])] == Role::word)
      ++run;
    if (run > 0) {
      take_ascii(bytes.substr(0, run));
      return run;
    }
    const auto byte = static_cast<unsigned char>(bytes[0]);
    take(rules_.ascii_role_[byte], std::string_view(&rules_.ascii_byte_[byte], 1));
    ++at_;
    return 1;
  }

  void take_ascii(std::string_view run) {
    const size_t before = word_.bytes.size();
    // Beyond the longest word only the count matters.
    if (word_.characters <= rules_.pieces_.max_characters()) {
      if (word_.empty()) word_.first = at_;
      word_.bytes.resize(before + run.size());
      for (size_t i = 0; i < run.size(); ++i)
        word_.bytes[before + i] = rules_.ascii_byte_[static_cast<unsigned char>(run[i])];
      if (before > 0 && word_.plain && word_.last + 1 != at_) spread();
      if (!word_.plain)
        for (size_t i = 0; i < run.size(); ++i) word_.origins.push_back(at_ + static_cast<int32_t>(i));
    }
    word_.characters += run.size();
    at_ += static_cast<int32_t>(run.size());
    word_.last = at_ - 1;
  }

  // The word stops being plain: its bytes so far get their origins.
  void spread() {
    word_.plain = false;
    for (size_t i = 0; i < word_.characters; ++i) word_.origins.push_back(word_.first + static_cast<int32_t>(i));
  }

  bool character(char32_t c, std::string_view as_given, bool valid) {
    const Plan& plan = rules_.plans_[unicode::record_index(c)];
    switch (plan.role) {
      case Role::unordered:
        return false;
      case Role::hangul: {
        char32_t letters[3];
        const int count = unicode::decompose_hangul(c, letters);
        for (int i = 0; i < count; ++i) take_code_point(letters[i]);
        return true;
      }
      case Role::rewritten:
        for (size_t i = 0; i < plan.parts; ++i) {
          const Part& part = rules_.parts_[plan.first_part + i];
          take(part.role, {part.bytes, part.size});
        }
        return true;
      default:
        take(plan.role, valid ? as_given : std::string_view("\xEF\xBF\xBD"));
        return true;
    }
  }

  void take_code_point(char32_t c) {
    const Part part = rules_.part_of(c);
    take(part.role, {part.bytes, part.size});
  }

  void take(Role role, std::string_view utf8) {
    if (role == Role::removed) return;
    if (role != Role::word) end_word();
    if (role == Role::space) return;
    if (word_.characters <= rules_.pieces_.max_characters()) {
      if (word_.empty()) word_.first = at_;
      if (word_.plain) spread();
      word_.bytes += utf8;
      word_.origins.resize(word_.bytes.size(), at_);
    }
    ++word_.characters;
    word_.last = at_;
    if (role == Role::apart) end_word();
  }

  void end_word() {
    if (word_.empty()) return;
    const size_t begin = out_.size();
    rules_.pieces_.append(word_.bytes, word_.characters, out_);
    if (word_.characters > rules_.pieces_.max_characters()) {
      out_[begin].begin = word_.first;
      out_[begin].end = word_.last + 1;
    } else if (word_.plain) {
      for (size_t i = begin; i < out_.size(); ++i) out_[i].begin += word_.first, out_[i].end += word_.first;
    } else {
      for (size_t i = begin; i < out_.size(); ++i) {
        out_[i].begin = word_.origins[out_[i].begin];
        out_[i].end = word_.origins[out_[i].end - 1] + 1;
      }
    }
    word_.clear();
  }

  const BertWords& rules_;
  WordCache& cache_ = WordCache::of_this_thread();
  Word& word_;
  int32_t at_;  // number of the code point in hand
  std::vector<Piece>& out_;
};

BertWords::BertWords(const BertOptions& options, const WordPiece& pieces)
    : options_(options), pieces_(pieces), alphanumeric_{options.lowercase} {
  plans_.reserve(unicode::records().size());
  for (const unicode::Record& record : unicode::records()) plans_.push_back(plan_of(record));
  plan_ascii();
}

BertWords::Role BertWords::role_of(char32_t c) const {
  const uint8_t flags = unicode::record(c).flags;
  if (flags & unicode::kWhitespace) return Role::space;
  return flags & unicode::kPunctuation ? Role::apart : Role::word;
}

BertWords::Part BertWords::part_of(char32_t c) const {
  std::string bytes;
  utf8::append(bytes, c);
  Part part{role_of(c), static_cast<uint8_t>(bytes.size()), {}};
  std::memcpy(part.bytes, bytes.data(), bytes.size());
  return part;
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

int32_t BertWords::id_alone(std::string_view character) const {
  std::vector<Piece> pieces;
  pieces_.append(character, 1, pieces);
  return pieces[0].id;
}

void BertWords::plan_ascii() {
  for (unsigned char c = 0; c < 128; ++c) {
    const Plan& plan = plans_[unicode::record_index(c)];
    // Of ASCII only capital letters are rewritten, each into one letter.
    const bool capital = plan.role == Role::rewritten;
    ascii_role_[c] = capital ? parts_[plan.first_part].role : plan.role;
    ascii_byte_[c] = capital ? parts_[plan.first_part].bytes[0] : static_cast<char>(c);
    if (ascii_role_[c] == Role::apart) ascii_id_[c] = id_alone(std::string_view(&ascii_byte_[c], 1));
  }
}

std::optional<int32_t> BertWords::append(std::string_view bytes, int32_t origin, std::vector<Piece>& out) const {
  thread_local Word word;  // keeps its memory from one text to the next
  const size_t before = out.size();
  Scan scan(*this, word, origin, out);
  if (scan.run(bytes)) return scan.at();
  out.resize(before);
  return std::nullopt;
}

}  // namespace attune::text
