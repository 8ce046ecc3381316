#include "attune/text/normal_forms.h"

#include <algorithm>

#include "attune/text/unicode.h"

namespace attune::text {
namespace {

struct Decomposed {
  char32_t c;
  int32_t change;  // 0 for the first character of a decomposition, 1 for each further one
  uint8_t combining;
};

// Decomposes every character; marks are put in the order of their classes.
std::vector<Decomposed> decompose(const AlignedText& text, bool compatibility) {
  std::vector<Decomposed> out;
  out.reserve(text.chars.size() + 16);
  size_t marks = 0;  // where the marks behind the last starter begin
  const auto by_class = [](const Decomposed& a, const Decomposed& b) { return a.combining < b.combining; };
  const auto sort_marks = [&] {
    if (out.size() - marks > 1) std::stable_sort(out.begin() + static_cast<std::ptrdiff_t>(marks), out.end(), by_class);
  };
  const auto push = [&](char32_t c, bool first) {
    const uint8_t combining = unicode::record(c).combining;
    if (combining == 0) sort_marks();
    out.push_back({c, first ? 0 : 1, combining});
    if (combining == 0) marks = out.size();
  };
  for (const AlignedChar& one : text.chars) {
    if (unicode::is_hangul_syllable(one.c)) {
      char32_t letters[3];
      const int count = unicode::decompose_hangul(one.c, letters);
      for (int i = 0; i < count; ++i) push(letters[i], i == 0);
      continue;
    }
    const unicode::Record& record = unicode::record(one.c);
    const char32_t* mapped = compatibility && record.compatibility ? record.compatibility : record.canonical;
    if (!mapped) {
      push(one.c, true);
      continue;
    }
    bool first = true;
    for (const char32_t c : unicode::text_of(mapped)) push(c, first), first = false;
  }
  sort_marks();
  return out;
}

// Joins what composes. A starter takes the marks that nothing blocks; its `change` sums up what it swallowed.
std::vector<Change> recompose(const std::vector<Decomposed>& parts) {
  std::vector<Change> out;
  out.reserve(parts.size());
  std::vector<Change> behind;  // marks that stay behind the open starter
  bool open = false;
  Change starter{};
  uint8_t last_class = 0;  // of the last mark in `behind`
  const auto close = [&] {
    if (open) out.push_back(starter);
    out.insert(out.end(), behind.begin(), behind.end());
    behind.clear();
  };
  for (const Decomposed& part : parts) {
    if (!open) {
      if (part.combining == 0) {
        starter = {part.c, part.change};
        open = true;
      } else {
        out.push_back({part.c, part.change});
      }
      continue;
    }
    const bool blocked = !behind.empty() && last_class >= part.combining;
    if (const char32_t joined = blocked ? 0 : unicode::compose(starter.c, part.c)) {
      starter = {joined, starter.change + part.change - 1};
    } else if (part.combining == 0) {
      close();
      starter = {part.c, part.change};
    } else {
      behind.push_back({part.c, part.change});
      last_class = part.combining;
    }
  }
  close();
  return out;
}

// Code points that every form leaves alone, whatever stands beside them: ASCII, C1 controls, unified ideographs.
bool is_inert(const AlignedChar& one) {
  return one.c < 0xA0 || (one.c >= 0x4E00 && one.c < 0xA000);
}

}  // namespace

void apply_normal_form(NormalForm form, AlignedText& text) {
  if (std::all_of(text.chars.begin(), text.chars.end(), is_inert)) return;
  const bool compatibility = form == NormalForm::nfkd || form == NormalForm::nfkc;
  const std::vector<Decomposed> parts = decompose(text, compatibility);
  if (form == NormalForm::nfc || form == NormalForm::nfkc) return text.rewrite(recompose(parts));
  std::vector<Change> changes;
  changes.reserve(parts.size());
  for (const Decomposed& part : parts) changes.push_back({part.c, part.change});
  text.rewrite(changes);
}

// Of a text in normal form nothing moves or joins across a place behind which a starter stands that joins nothing
// before it (Unicode Standard Annex 15, section 9.1).
bool is_local_in(NormalForm form, char32_t c) {
  AlignedText text{{{c, 0, 1}}, 0};
  apply_normal_form(form, text);
  const char32_t first = text.chars[0].c;
  const bool joins = form == NormalForm::nfc || form == NormalForm::nfkc;
  return unicode::record(first).combining == 0 && !(joins && unicode::composes_behind(first));
}

}  // namespace attune::text
