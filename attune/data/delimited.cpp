#include "attune/data/delimited.h"

#include <algorithm>

#include "attune/base/error.h"

namespace attune::data {
namespace {

// A quoted field of this size is far more likely a quote that was never closed.
constexpr size_t kLongestField = size_t{64} << 20;

std::string excerpt(std::string_view text) {
  constexpr size_t kMost = 40;
  if (text.size() <= kMost) return std::string(text);
  size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

}  // namespace

DelimitedReader::DelimitedReader(LineReader lines, DelimitedOptions options)
    : lines_(std::move(lines)), options_(options) {
  if (!read_fields())
    fail(ErrorKind::input, "{} is empty; expected {}rows of {}", lines_.name(),
         options_.header ? "a header line and " : "", format());
  if (options_.header) {
    columns_.assign(fields_.begin(), fields_.begin() + static_cast<ptrdiff_t>(count_));
    return;
  }
  for (size_t i = 1; i <= count_; ++i) columns_.push_back(std::to_string(i));
  pending_ = true;
}

bool DelimitedReader::next(Record& record) {
  if (!pending_ && !read_fields()) return false;
  pending_ = false;
  if (count_ != columns_.size()) fail_ragged();
  record.line = begin_;
  record.values.resize(count_);
  for (size_t i = 0; i < count_; ++i) {
    record.values[i].kind = Value::Kind::text;
    record.values[i].text.swap(fields_[i]);
  }
  return true;
}

// Splits the next record into fields_[0..count_). A quoted field may pull in further lines.
bool DelimitedReader::read_fields() {
  do {
    if (!lines_.next(line_)) return false;
  } while (line_.empty());
  begin_ = lines_.number();
  count_ = 0;
  for (size_t at = 0;;) {
    if (count_ == fields_.size()) fields_.emplace_back();
    std::string& field = fields_[count_++];
    if (options_.quotes && at < line_.size() && line_[at] == '"') {
      at = read_quoted(field, at + 1);
    } else {
      const size_t end = std::min(line_.find(options_.separator, at), line_.size());
      field.assign(line_.substr(at, end - at));
      at = end;
    }
    if (at >= line_.size()) return true;
    ++at;  // the separator
  }
}

// Reads from after the opening quote; returns the position of the separator after the closing one, or the line's end.
size_t DelimitedReader::read_quoted(std::string& field, size_t at) {
  const int64_t opened = lines_.number();
  field.clear();
  while (true) {
    const size_t quote = line_.find('"', at);
    if (quote == std::string_view::npos) {
      field.append(line_.substr(at)).append(lines_.line_end());
      if (field.size() <= kLongestField && lines_.next(line_)) {
        at = 0;
        continue;
      }
      fail(ErrorKind::input,
           "{} line {}: a quote opens here and is never closed (field {}, beginning '{}'); close it, double quotes "
           "inside quoted fields, or pass --no-quotes if quotes are ordinary characters in this file",
           lines_.name(), opened, count_, excerpt(std::string_view(field).substr(0, field.find_first_of("\r\n"))));
    }
    field.append(line_.substr(at, quote - at));
    at = quote + 1;
    if (at < line_.size() && line_[at] == '"') {
      field += '"';
      ++at;
      continue;
    }
    if (at < line_.size() && line_[at] != options_.separator)
      fail(ErrorKind::input,
           "{} line {}: '{}' follows a closing quote (the field opened on line {}); expected a separator or the end of "
           "the line: double the quotes inside a quoted field",
           lines_.name(), lines_.number(), excerpt(line_.substr(at)), opened);
    return at;
  }
}

void DelimitedReader::fail_ragged() const {
  std::string fields;
  for (size_t i = 0; i < std::min<size_t>(count_, 6); ++i) fields += (i ? " | " : "") + excerpt(fields_[i]);
  if (count_ > 6) fields += " | ...";
  fail(ErrorKind::input, "{} line {} has {} field{}, expected {} as in the {}: {}; {}", lines_.name(), begin_, count_,
       count_ == 1 ? "" : "s", columns_.size(), options_.header ? "header" : "first row", fields,
       count_ > columns_.size() && options_.quotes ? "a field that holds the separator must be quoted"
                                                   : "every row needs all columns");
}

std::string DelimitedReader::emptiness() const {
  if (lines_.saw_carriage_returns())
    return "it holds one line with carriage returns inside: convert old Mac line ends with `tr '\\r' '\\n'`";
  return options_.header ? "it has a header and no rows" : "";
}

}  // namespace attune::data
