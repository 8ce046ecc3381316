#include "attune/text/graphemes.h"

#include "attune/text/unicode.h"

namespace attune::text {
namespace {

using unicode::Grapheme;

struct Class {
  Grapheme kind;
  bool syllable;         // a Hangul syllable ...
  bool open = false;     // ... without a trailing letter
  bool extends = false;  // extend, joiner or linker
};

Class class_of(char32_t c) {
  const unicode::Record& record = unicode::record(c);
  const Grapheme g = record.grapheme;
  return {g, record.hangul, record.hangul && (c - 0xAC00) % 28 == 0,
          g == Grapheme::extend || g == Grapheme::joiner || g == Grapheme::indic_linker};
}

// What the rules need to know of the cluster so far.
struct Memory {
  bool pictographic = false;  // a pictograph, then only extends (GB11)
  bool consonant = false;     // an Indic consonant, then only extends and linkers ...
  bool linked = false;        // ... at least one a linker (GB9c)
  int regionals = 0;          // regional indicators at the end (GB12, GB13)

  void take(const Class& next) {
    const bool transparent = next.extends;
    pictographic = next.kind == Grapheme::pictographic || (pictographic && transparent);
    const bool starts = next.kind == Grapheme::indic_consonant;
    linked = !starts && linked && transparent;
    consonant = starts || (consonant && transparent);
    linked = linked || (consonant && next.kind == Grapheme::indic_linker);
    regionals = next.kind == Grapheme::regional ? regionals + 1 : 0;
  }
};

bool joins_hangul(const Class& left, const Class& right) {
  const bool vowel = right.kind == Grapheme::hangul_vowel, trailing = right.kind == Grapheme::hangul_trailing;
  if (left.kind == Grapheme::hangul_leading) return right.kind == Grapheme::hangul_leading || vowel || right.syllable;
  if (left.kind == Grapheme::hangul_vowel || left.open) return vowel || trailing;
  return (left.kind == Grapheme::hangul_trailing || left.syllable) && trailing;
}

// Whether no boundary stands between two neighbours; neither is a control.
bool joins(const Class& left, const Class& right, const Memory& memory) {
  if (right.extends || right.kind == Grapheme::spacing_mark || left.kind == Grapheme::prepend) return true;
  if (joins_hangul(left, right)) return true;
  if (memory.linked && right.kind == Grapheme::indic_consonant) return true;
  if (memory.pictographic && left.kind == Grapheme::joiner && right.kind == Grapheme::pictographic) return true;
  return memory.regionals % 2 == 1 && right.kind == Grapheme::regional;
}

}  // namespace

size_t grapheme_length(std::span<const AlignedChar> chars) {
  Class left = class_of(chars[0].c);
  if (left.kind == Grapheme::control) return chars.size() > 1 && chars[0].c == U'\r' && chars[1].c == U'\n' ? 2 : 1;
  Memory memory;
  memory.take(left);
  size_t length = 1;
  for (; length < chars.size(); ++length) {
    const Class right = class_of(chars[length].c);
    if (right.kind == Grapheme::control || !joins(left, right, memory)) break;
    memory.take(right);
    left = right;
  }
  return length;
}

}  // namespace attune::text
