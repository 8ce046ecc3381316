#include "attune/text/vocabulary_scan.h"

#include <bit>
#include <functional>

#include "attune/base/utf8.h"
#include "attune/text/json_cursor.h"
#include "attune/text/model.h"
#include "attune/text/reference_number.h"

namespace attune::text {
namespace {

// Whether all are different. Open addressing; the table is at most half full.
bool all_different(const std::vector<std::string_view>& texts) {
  std::vector<uint32_t> table(std::bit_ceil(texts.size() * 2 + 1), 0);  // index + 1
  const size_t mask = table.size() - 1;
  for (size_t i = 0; i < texts.size(); ++i) {
    size_t at = std::hash<std::string_view>()(texts[i]) & mask;
    for (; table[at] != 0; at = (at + 1) & mask)
      if (texts[table[at] - 1] == texts[i]) return false;
    table[at] = static_cast<uint32_t>(i) + 1;
  }
  return true;
}

bool read_string(JsonCursor& at, ScannedVocabulary& out, std::string_view& piece) {
  const std::optional<JsonCursor::Text> text = at.string();
  if (!text) return false;
  piece = text->raw;
  if (!text->ascii && utf8::first_invalid(piece)) return false;
  if (!text->escaped) return true;
  std::optional<std::string> plain = unescaped(text->raw);
  if (!plain) return false;
  out.unescaped.push_back(std::move(*plain));
  piece = out.unescaped.back();
  return true;
}

// {"piece": id, ...}: each id from 0 on once.
bool read_ids(JsonCursor& at, ScannedVocabulary& out) {
  size_t count = 0;
  if (!at.take('{')) return false;
  do {
    std::string_view piece;
    if (!read_string(at, out, piece) || !at.take(':')) return false;
    const std::optional<JsonCursor::Number> number = at.number();
    if (!number || !number->whole || number->negative || number->digits >= kMostPieces) return false;
    if (number->digits >= out.pieces.size()) out.pieces.resize(number->digits + 1);
    std::string_view& slot = out.pieces[number->digits];
    if (slot.data() != nullptr) return false;  // read pieces point into something, empty ones too
    slot = piece;
    ++count;
  } while (at.take(','));
  return at.take('}') && count == out.pieces.size() && all_different(out.pieces);
}

// [["piece", score], ...]: the place is the id.
bool read_scores(JsonCursor& at, ScannedVocabulary& out) {
  if (!at.take('[')) return false;
  do {
    std::string_view piece;
    if (!at.take('[') || !read_string(at, out, piece) || !at.take(',')) return false;
    const std::optional<JsonCursor::Number> number = at.number();
    if (!number || !at.take(']')) return false;
    out.pieces.push_back(piece);
    out.scores.push_back(reference_number(number->negative, number->digits, number->exponent));
  } while (at.take(','));
  return at.take(']');
}

// Moves to the value of `key` in the object that begins here.
bool enter(JsonCursor& at, std::string_view key) {
  if (!at.take('{')) return false;
  do {
    const std::optional<JsonCursor::Text> name = at.string();
    if (!name || !at.take(':')) return false;
    if (name->raw == key) return true;
    if (!at.skip_value()) return false;
  } while (at.take(','));
  return false;
}

}  // namespace

std::optional<ScannedVocabulary> scan_vocabulary(std::string_view document) {
  JsonCursor at(document);
  if (!enter(at, "model") || !enter(at, "vocab")) return std::nullopt;
  ScannedVocabulary out;
  const bool object = at.next() == '{';
  const size_t begin = at.offset();
  if (!(object ? read_ids(at, out) : read_scores(at, out))) return std::nullopt;
  out.rest = document.substr(0, begin);
  out.rest += object ? "{}" : "[]";
  out.rest += document.substr(at.offset());
  return out;
}

}  // namespace attune::text
