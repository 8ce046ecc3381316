// Properties of code points as the reference tokenizer sees them (its tables are older than today's Unicode and of
// several ages; see tools/unicode_tables.py).
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace attune::text::unicode {

// The bits of Record::flags; tools/unicode_tables.py writes the same.
enum Flag : uint8_t {
  kRemoved = 1,         // clean_text drops it: controls, format, private and unassigned characters, U+0000, U+FFFD
  kMadeSpace = 2,       // clean_text makes it a space
  kWhitespace = 4,      // words end here
  kPunctuation = 8,     // BERT's pre-tokenizer makes it a word of its own
  kHan = 16,            // a Chinese character, in BERT's sense
  kNonspacing = 32,     // strip_accents of BertNormalizer drops it
  kCombiningMark = 64,  // the StripAccents normalizer drops it
  kWord = 128,          // \w of a regular expression
};

// Classes of the rules for grapheme clusters (Unicode Standard Annex 29); tools/unicode_tables.py writes the same.
enum class Grapheme : uint8_t {
  other,
  control,  // CR and LF included
  extend,
  joiner,  // U+200D
  spacing_mark,
  prepend,
  regional,
  pictographic,
  hangul_leading,
  hangul_vowel,
  hangul_trailing,
  indic_consonant,
  indic_linker,  // an `extend` that ties consonants
};

struct Record {
  uint8_t flags = 0;
  uint8_t combining = 0;  // canonical combining class
  Grapheme grapheme = Grapheme::other;
  bool hangul = false;                      // a Hangul syllable: decomposed by rule
  char32_t first = 0;                       // the first code point that behaves so; the only one if it has a mapping
  const char32_t* lower = nullptr;          // {length, code points ...}, or null where the code point stays
  const char32_t* canonical = nullptr;      // full canonical decomposition, likewise
  const char32_t* compatibility = nullptr;  // full compatibility decomposition where it differs from the canonical one
};

inline std::u32string_view text_of(const char32_t* counted) {
  return {counted + 1, static_cast<size_t>(*counted)};
}

// Every code point has the index of a record; code points that behave alike share one. c <= U+10FFFF.
uint16_t record_index(char32_t c);
std::span<const Record> records();
const Record& record(char32_t c);

inline bool is_hangul_syllable(char32_t c) {
  return c >= 0xAC00 && c < 0xAC00 + 11172;
}
// The two or three letters of a Hangul syllable; returns how many.
int decompose_hangul(char32_t syllable, char32_t out[3]);

// The canonical composition of two code points, Hangul included, or 0.
char32_t compose(char32_t first, char32_t second);
// Whether there is any code point that composes with this one behind it.
bool composes_behind(char32_t second);

}  // namespace attune::text::unicode
