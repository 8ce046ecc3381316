#include "attune/text/unicode.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "attune/text/unicode_tables.h"

namespace attune::text::unicode {
namespace {

constexpr size_t kCodePoints = 0x110000, kPage = 256;
// Where the letters and syllables of Hangul begin; kTrailing stands one before its first letter.
constexpr char32_t kLeading = 0x1100, kVowel = 0x1161, kTrailing = 0x11A7, kSyllable = 0xAC00;

// Two levels: the page of a code point, then its record's index within the page. Pages that hold one value throughout
// are shared.
struct Index {
  std::vector<Record> records;
  std::array<uint16_t, kCodePoints / kPage> page{};
  std::vector<uint16_t> of_page;
  std::bitset<8192> may_join;  // by the last bits of the code point: false where nothing composes with it behind

  Index() {
    std::vector<uint32_t> flat(kCodePoints);
    fill(flat, tables::kFlagRuns, tables::kFlagRunsSize, 0);
    fill(flat, tables::kCombiningRuns, tables::kCombiningRunsSize, 8);
    fill(flat, tables::kGraphemeRuns, tables::kGraphemeRunsSize, 16);
    number(flat);
    set_hangul_apart(flat);
    attach(flat, tables::kLower, tables::kLowerSize, &Record::lower);
    attach(flat, tables::kCanonical, tables::kCanonicalSize, &Record::canonical);
    attach(flat, tables::kCompatibility, tables::kCompatibilitySize, &Record::compatibility);
    paginate(flat);
    for (size_t i = 1; i < tables::kCompositionsSize; i += 3) may_join.set(tables::kCompositions[i] % may_join.size());
  }

  static void fill(std::vector<uint32_t>& flat, const char32_t* runs, size_t size, int shift) {
    for (size_t i = 0; i < size; i += 2) {
      const size_t end = i + 2 < size ? runs[i + 2] : kCodePoints;
      for (size_t c = runs[i]; c < end; ++c) flat[c] |= static_cast<uint32_t>(runs[i + 1] << shift);
    }
  }

  // Replaces the properties of each code point by the number of the record that holds them.
  void number(std::vector<uint32_t>& flat) {
    std::unordered_map<uint32_t, uint32_t> known;
    for (uint32_t& value : flat) {
      const auto [at, is_new] = known.try_emplace(value, static_cast<uint32_t>(records.size()));
      if (is_new)
        records.push_back({.flags = static_cast<uint8_t>(value),
                           .combining = static_cast<uint8_t>(value >> 8),
                           .grapheme = static_cast<Grapheme>(value >> 16)});
      value = at->second;
    }
  }

  void set_hangul_apart(std::vector<uint32_t>& flat) {
    records.push_back(Record(records[flat[kSyllable]]));
    records.back().hangul = true;
    std::fill_n(flat.begin() + kSyllable, 11172, static_cast<uint32_t>(records.size() - 1));
    shared = records.size();
  }

  void attach(std::vector<uint32_t>& flat, const char32_t* list, size_t size, const char32_t* Record::*member) {
    for (size_t i = 0; i < size; i += 2 + list[i + 1]) {
      uint32_t& index = flat[list[i]];
      if (index < shared) {  // its first mapping: from here on it has a record of its own
        records.push_back(Record(records[index]));
        index = static_cast<uint32_t>(records.size() - 1);
      }
      records[index].*member = list + i + 1;
    }
  }

  void paginate(const std::vector<uint32_t>& flat) {
    std::map<uint32_t, uint16_t> uniform;
    for (size_t p = 0; p < page.size(); ++p) {
      const auto first = flat.begin() + static_cast<std::ptrdiff_t>(p * kPage), last = first + kPage;
      const bool one_value = std::all_of(first, last, [&](uint32_t v) { return v == *first; });
      const auto next = static_cast<uint16_t>(of_page.size() / kPage);
      page[p] = one_value ? uniform.try_emplace(*first, next).first->second : next;
      if (page[p] == next) of_page.insert(of_page.end(), first, last);
    }
  }

  size_t shared = 0;
};

const Index& index() {
  static const Index table;
  return table;
}

}  // namespace

uint16_t record_index(char32_t c) {
  const Index& table = index();
  return table.of_page[table.page[c / kPage] * kPage + c % kPage];
}

std::span<const Record> records() {
  return index().records;
}

const Record& record(char32_t c) {
  return index().records[record_index(c)];
}

int decompose_hangul(char32_t syllable, char32_t out[3]) {
  const char32_t s = syllable - kSyllable;
  out[0] = kLeading + s / 588;
  out[1] = kVowel + s % 588 / 28;
  if (s % 28 == 0) return 2;
  out[2] = kTrailing + s % 28;
  return 3;
}

char32_t compose(char32_t first, char32_t second) {
  if (first >= kLeading && first < kLeading + 19 && second >= kVowel && second < kVowel + 21)
    return kSyllable + (first - kLeading) * 588 + (second - kVowel) * 28;
  if (is_hangul_syllable(first) && (first - kSyllable) % 28 == 0 && second > kTrailing && second < kTrailing + 28)
    return first + (second - kTrailing);
  if (!index().may_join[second % index().may_join.size()]) return 0;
  size_t low = 0, high = tables::kCompositionsSize / 3;
  const std::pair key(first, second);
  while (low < high) {
    const size_t middle = (low + high) / 2;
    const char32_t* row = tables::kCompositions + middle * 3;
    const std::pair at(row[0], row[1]);
    if (at == key) return row[2];
    at < key ? low = middle + 1 : high = middle;
  }
  return 0;
}

}  // namespace attune::text::unicode
