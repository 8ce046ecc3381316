#include "attune/text/unicode.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <unordered_map>
#include <utility>
#include <vector>

#include "attune/text/unicode_tables.h"

namespace attune::text::unicode {
namespace {

constexpr size_t kCodePoints = 0x110000, kPage = 256;
// Where the letters and syllables of Hangul begin; kTrailing stands one before its first letter.
constexpr char32_t kLeading = 0x1100, kVowel = 0x1161, kTrailing = 0x11A7, kSyllable = 0xAC00;

// A stretch of code points with the same properties; it ends where the next one begins.
struct Run {
  size_t begin;
  uint32_t value;  // flags, then combining class << 8, grapheme class << 16, Hangul syllable << 24
};

// The runs of the generated tables, which change value independently, as runs in which none changes.
std::vector<Run> merged_runs() {
  constexpr char32_t kSyllables[] = {kSyllable, 1, kSyllable + 11172, 0};
  struct Source {
    const char32_t* runs;
    size_t size;
    int shift;
    size_t next = 0;
    uint32_t value = 0;

    size_t next_begin() const { return next < size ? runs[next] : kCodePoints; }
  };
  Source sources[] = {{tables::kFlagRuns, tables::kFlagRunsSize, 0},
                      {tables::kCombiningRuns, tables::kCombiningRunsSize, 8},
                      {tables::kGraphemeRuns, tables::kGraphemeRunsSize, 16},
                      {kSyllables, std::size(kSyllables), 24}};
  std::vector<Run> merged;
  for (size_t at = 0; at < kCodePoints;) {
    Run run{at, 0};
    size_t end = kCodePoints;
    for (Source& source : sources) {
      for (; source.next_begin() <= at; source.next += 2) source.value = source.runs[source.next + 1];
      run.value |= source.value << source.shift;
      end = std::min(end, source.next_begin());
    }
    merged.push_back(run);
    at = end;
  }
  return merged;
}

// Two levels: the page of a code point, then its record's index within the page. Pages that hold one value throughout
// are shared.
struct Index {
  std::vector<Record> records;
  std::array<uint16_t, kCodePoints / kPage> page{};
  std::vector<uint16_t> of_page;
  std::bitset<8192> may_join;  // by the last bits of the code point: false where nothing composes with it behind

  Index() {
    of_page.reserve(512 * kPage);
    lay_out(merged_runs());
    attach(tables::kLower, tables::kLowerSize, &Record::lower);
    attach(tables::kCanonical, tables::kCanonicalSize, &Record::canonical);
    attach(tables::kCompatibility, tables::kCompatibilitySize, &Record::compatibility);
    find_first();
    for (size_t i = 1; i < tables::kCompositionsSize; i += 3) may_join.set(tables::kCompositions[i] % may_join.size());
  }

  // Replaces the properties of each run by the number of the record that holds them.
  void number(std::vector<Run>& runs) {
    std::unordered_map<uint32_t, uint32_t> known;
    for (Run& run : runs) {
      const uint32_t value = run.value;
      const auto [at, is_new] = known.try_emplace(value, static_cast<uint32_t>(records.size()));
      if (is_new)
        records.push_back({.flags = static_cast<uint8_t>(value),
                           .combining = static_cast<uint8_t>(value >> 8),
                           .grapheme = static_cast<Grapheme>(value >> 16 & 0xFF),
                           .hangul = value >> 24 != 0});
      run.value = at->second;
    }
    shared_records = records.size();
  }

  void lay_out(std::vector<Run> runs) {
    number(runs);
    runs.push_back({kCodePoints, 0});
    std::unordered_map<uint32_t, uint16_t> uniform;
    size_t run = 0;
    for (size_t p = 0; p < page.size(); ++p) {
      const size_t first = p * kPage, last = first + kPage;
      while (runs[run + 1].begin <= first) ++run;
      shared_page[p] = runs[run + 1].begin >= last;
      const auto next = static_cast<uint16_t>(of_page.size() / kPage);
      page[p] = shared_page[p] ? uniform.try_emplace(runs[run].value, next).first->second : next;
      if (page[p] != next) continue;
      of_page.resize(of_page.size() + kPage);
      for (size_t c = first; c < last; ++c) {
        if (runs[run + 1].begin <= c) ++run;
        of_page[next * kPage + c - first] = static_cast<uint16_t>(runs[run].value);
      }
    }
  }

  // Where the record's index of this code point alone can be written.
  uint16_t& own_slot(char32_t c) {
    const size_t p = c / kPage;
    if (shared_page[p]) {
      shared_page[p] = false;
      const uint16_t value = of_page[page[p] * kPage];
      page[p] = static_cast<uint16_t>(of_page.size() / kPage);
      of_page.resize(of_page.size() + kPage, value);
    }
    return of_page[page[p] * kPage + c % kPage];
  }

  void attach(const char32_t* list, size_t size, const char32_t* Record::*member) {
    for (size_t i = 0; i < size; i += 2 + list[i + 1]) {
      uint16_t& index = own_slot(list[i]);
      if (index < shared_records) {  // its first mapping: from here on it has a record of its own
        records.push_back(Record(records[index]));
        index = static_cast<uint16_t>(records.size() - 1);
      }
      records[index].*member = list + i + 1;
    }
  }

  void find_first() {
    std::vector<bool> found(records.size());
    for (size_t p = 0; p < page.size(); ++p)
      for (size_t c = p * kPage, end = c + (shared_page[p] ? 1 : kPage); c < end; ++c) {
        const uint16_t record = of_page[page[p] * kPage + c % kPage];
        if (!found[record]) records[record].first = static_cast<char32_t>(c);
        found[record] = true;
      }
  }

  size_t shared_records = 0;
  std::bitset<kCodePoints / kPage> shared_page;  // holds one value, and other pages may be the same one
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

bool composes_behind(char32_t second) {
  if ((second >= kVowel && second < kVowel + 21) || (second > kTrailing && second < kTrailing + 28)) return true;
  if (!index().may_join[second % index().may_join.size()]) return false;
  for (size_t i = 1; i < tables::kCompositionsSize; i += 3)
    if (tables::kCompositions[i] == second) return true;
  return false;
}

}  // namespace attune::text::unicode
