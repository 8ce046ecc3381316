#include "attune/data/open_records.h"

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "attune/base/blanks.h"
#include "attune/base/error.h"
#include "attune/data/conll.h"
#include "attune/data/delimited.h"
#include "attune/data/jsonl.h"
#include "attune/data/line_reader.h"
#include "attune/data/tag_scheme.h"
#include "attune/data/text_lines.h"

namespace attune::data {
namespace {

std::string extension(const std::string& path) {
  std::string text = std::filesystem::path(path).extension().string();
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : static_cast<char>(c);
  });
  return text;
}

// The lines by which detect_format decides have come.
bool shows_format(std::string_view bytes) {
  for (size_t end; (end = bytes.find('\n')) != std::string_view::npos; bytes.remove_prefix(end + 1)) {
    const std::string_view line = trimmed(bytes.substr(0, end));
    if (!line.empty() && !line.starts_with("-DOCSTART-")) return true;
  }
  return false;
}

// True where the first line that is neither empty nor -DOCSTART- has several columns and ends in O or B-X, I-X, ...
bool looks_like_conll(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t end = std::min(bytes.find('\n'), bytes.size());
    const std::string_view line = trimmed(bytes.substr(0, end));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (line.empty() || line.starts_with("-DOCSTART-")) continue;
    const size_t gap = line.find_last_of(" \t");
    if (gap == std::string_view::npos) return false;
    const std::string_view last = line.substr(gap + 1);
    return last == "O" || split_tag(last).prefix != 0;
  }
  return false;
}

DelimitedOptions delimited_options(const ReadOptions& options, char usual) {
  DelimitedOptions delimited{.separator = usual, .header = options.header, .quotes = options.quotes};
  if (options.separator.empty()) return delimited;
  const std::string& given = options.separator;
  if (given == "\\t" || given == "tab") {
    delimited.separator = '\t';
  } else if (given.size() == 1 && given != "\"" && given != "\n" && given != "\r") {
    delimited.separator = given[0];
  } else {
    fail(ErrorKind::usage, "--separator: expected one character (or \\t), got '{}'", given);
  }
  return delimited;
}

std::unique_ptr<RecordReader> make_reader(LineReader lines, const ReadOptions& options, TargetKind target,
                                          TargetNeed need) {
  const std::string format = detect_format(lines.name(), lines.peek(shows_format), options, target, need);
  if (format == "csv") return std::make_unique<DelimitedReader>(std::move(lines), delimited_options(options, ','));
  if (format == "tsv") return std::make_unique<DelimitedReader>(std::move(lines), delimited_options(options, '\t'));
  if (format == "jsonl") return std::make_unique<JsonlReader>(std::move(lines));
  if (format == "conll") return std::make_unique<ConllReader>(std::move(lines));
  if (format == "text") return std::make_unique<TextLineReader>(std::move(lines));
  fail(ErrorKind::usage, "--format: expected auto, csv, tsv, jsonl, conll or text, got '{}'", format);
}

}  // namespace

std::string detect_format(const std::string& path, std::string_view first_bytes, const ReadOptions& options,
                          TargetKind target, TargetNeed need) {
  if (options.format != "auto") return options.format;
  const std::string end = extension(path);
  if (end == ".csv") return "csv";
  if (end == ".tsv") return "tsv";
  if (end == ".jsonl" || end == ".ndjson" || end == ".json") return "jsonl";
  for (const char* conll : {".conll", ".bio", ".iob", ".iob2", ".ner"})
    if (end == conll) return "conll";
  const size_t first = first_bytes.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && first_bytes.substr(first).starts_with("{\"")) return "jsonl";
  if (target == TargetKind::tags && (need == TargetNeed::required || looks_like_conll(first_bytes))) return "conll";
  return "text";
}

std::unique_ptr<RecordReader> open_records(const std::string& path, const ReadOptions& options, TargetKind target,
                                           TargetNeed need) {
  if (path == "-") return open_records(std::cin, "standard input", options, target, need);
  return make_reader(LineReader::open(path), options, target, need);
}

std::unique_ptr<RecordReader> open_records(std::istream& stream, const std::string& name, const ReadOptions& options,
                                           TargetKind target, TargetNeed need) {
  return make_reader(LineReader(stream, name), options, target, need);
}

}  // namespace attune::data
