#include "attune/selection/measure/clusters_fold.h"

#include <algorithm>
#include <unordered_map>

#include "attune/base/utf8.h"
#include "attune/text/lowercase.h"
#include "attune/text/normal_forms.h"
#include "attune/text/unicode.h"

namespace attune::selection {
namespace {

// Stands between the parts of a row; no blank, so that "a b" + "c" and "a" + "b c" stay different.
constexpr char32_t kBetweenParts = 0x1F;

// Appends with blanks folded; `begin`: where this part begins.
class BlankFolder {
 public:
  explicit BlankFolder(std::u32string& out) : out_(out), begin_(out.size()) {}
  void add(char32_t c, bool blank) {
    if (blank) {
      waiting_ = out_.size() > begin_;
      return;
    }
    if (waiting_) out_ += U' ';
    waiting_ = false;
    out_ += c;
  }

 private:
  std::u32string& out_;
  size_t begin_;
  bool waiting_ = false;
};

void append_folded(std::string_view text, std::u32string& out) {
  BlankFolder folder(out);
  // Most texts of many data sets are ASCII, which NFKC leaves alone.
  if (std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; })) {
    for (const char c : text) {
      const bool upper = c >= 'A' && c <= 'Z';
      folder.add(static_cast<char32_t>(upper ? c - 'A' + 'a' : c), c == ' ' || (c >= '\t' && c <= '\r'));
    }
    return;
  }
  text::AlignedText aligned = text::aligned(text, 0);
  text::apply_normal_form(text::NormalForm::nfkc, aligned);
  text::lowercase(aligned);
  for (const text::AlignedChar& one : aligned.chars)
    folder.add(one.c, (text::unicode::record(one.c).flags & text::unicode::kWhitespace) != 0);
}

void fold_row(const data::Examples& rows, size_t row, std::u32string& out) {
  out.clear();
  const data::ExampleView view = rows.view(row);
  if (view.text.empty() && view.word_count > 0) {
    std::string joined;
    const data::Example example = rows[row];
    for (const std::string& word : example.words) joined += word + " ";
    append_folded(joined, out);
  } else {
    append_folded(view.text, out);
  }
  if (!view.has_pair) return;
  out += kBetweenParts;
  append_folded(view.text_pair, out);
}

}  // namespace

std::u32string folded(std::string_view text) {
  std::u32string out;
  append_folded(text, out);
  return out;
}

FoldedTexts::FoldedTexts(const data::Examples& rows) {
  of_row_.reserve(rows.size());
  std::unordered_multimap<uint64_t, int32_t> known;  // only looked up in: its order decides nothing
  known.reserve(rows.size());
  std::u32string one;
  std::string utf8;
  for (size_t row = 0; row < rows.size(); ++row) {
    fold_row(rows, row, one);
    utf8.clear();
    for (const char32_t c : one) utf8::append(utf8, c);
    const uint64_t hash = data::text_hash(utf8);
    int32_t text = -1;
    const auto [begin, end] = known.equal_range(hash);
    for (auto at = begin; at != end && text < 0; ++at)
      if (bytes(at->second) == utf8) text = at->second;
    if (text < 0) {
      text = size();
      known.emplace(hash, text);
      bytes_ += utf8;
      ends_.push_back(bytes_.size());
      lengths_.push_back(static_cast<int32_t>(one.size()));
      first_row_.push_back(static_cast<int32_t>(row));
    }
    of_row_.push_back(text);
  }
}

std::string_view FoldedTexts::bytes(int32_t text) const {
  const auto at = static_cast<size_t>(text);
  const size_t begin = at == 0 ? 0 : ends_[at - 1];
  return std::string_view(bytes_).substr(begin, ends_[at] - begin);
}

void FoldedTexts::read(int32_t text, std::u32string& into) const {
  into.clear();
  const std::string_view utf8 = bytes(text);
  for (size_t at = 0; at < utf8.size();) {
    const utf8::Decoded decoded = utf8::decode_inline(utf8, at);
    into += decoded.code_point;
    at += static_cast<size_t>(decoded.bytes);
  }
}

}  // namespace attune::selection
