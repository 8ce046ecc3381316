#include "attune/data/conll.h"

#include <algorithm>

#include "attune/base/blanks.h"
#include "attune/base/error.h"

namespace attune::data {
namespace {

constexpr std::string_view kBlanks = " \t\r";
constexpr std::string_view kDocumentStart = "-DOCSTART-";

bool is_blank(std::string_view line) {
  return line.find_first_not_of(kBlanks) == std::string_view::npos;
}

bool is_document_start(std::string_view line) {
  return line.starts_with(kDocumentStart) &&
         (line.size() == kDocumentStart.size() || kBlanks.find(line[kDocumentStart.size()]) != std::string_view::npos);
}

}  // namespace

bool ConllReader::next(Record& record) {
  for (Value& value : record.values) value.items.clear();
  bool any = false;
  std::string_view line;
  while (lines_.next(line)) {
    if (is_blank(line) || is_document_start(line)) {
      if (any) return true;
      continue;
    }
    if (columns_.empty()) start(line);
    split(line);
    check_columns(line);
    if (!any) {
      any = true;
      record.line = lines_.number();
      record.values.resize(columns_.size());
    }
    for (size_t c = 0; c < fields_.size(); ++c) {
      record.values[c].kind = Value::Kind::list;
      record.values[c].items.emplace_back(fields_[c]);
    }
  }
  return any;
}

// The first token line settles the separator and the number of columns.
void ConllReader::start(std::string_view line) {
  tabs_ = trimmed(line).find('\t') != std::string_view::npos;
  first_line_ = lines_.number();
  split(line);
  for (size_t c = 1; c <= fields_.size(); ++c) columns_.push_back(std::to_string(c));
}

void ConllReader::split(std::string_view line) {
  fields_.clear();
  if (tabs_) {
    for (size_t at = 0; at <= line.size();) {
      const size_t end = std::min(line.find('\t', at), line.size());
      fields_.push_back(trimmed(line.substr(at, end - at)));
      at = end + 1;
    }
    while (fields_.size() > 1 && fields_.back().empty()) fields_.pop_back();
    return;
  }
  for (size_t at = line.find_first_not_of(kBlanks); at != std::string_view::npos;) {
    const size_t end = std::min(line.find_first_of(kBlanks, at), line.size());
    fields_.push_back(line.substr(at, end - at));
    at = line.find_first_not_of(kBlanks, end);
  }
}

void ConllReader::check_columns(std::string_view line) const {
  const std::string& file = lines_.name();
  if (fields_.size() == 1 && columns_.size() > 1)
    fail(ErrorKind::input, "{} line {}: the token '{}' has no tag; expected {} columns{} as on line {}", file,
         lines_.number(), fields_[0], columns_.size(), tabs_ ? " between tabs" : "", first_line_);
  if (fields_.size() != columns_.size())
    fail(ErrorKind::input, "{} line {} has {} columns, expected {} as on line {}: '{}'{}", file, lines_.number(),
         fields_.size(), columns_.size(), first_line_, trimmed(line),
         line.starts_with('#') ? "; comments are not part of the format, remove them" : "");
  for (size_t c = 0; c < fields_.size(); ++c)
    if (fields_[c].empty())
      fail(ErrorKind::input, "{} line {}: column {} is empty: '{}'", file, lines_.number(), c + 1, trimmed(line));
}

}  // namespace attune::data
