// CoNLL columns: one token a line, its columns between spaces or tabs, an empty line after each sentence. Where the
// first token line holds a tab, tabs alone separate; else runs of spaces and tabs do. -DOCSTART- lines end a sentence
// and are skipped. There are no comments: "#" is a token like any other.
#pragma once
#include "attune/data/line_reader.h"
#include "attune/data/record.h"

namespace attune::data {

// A record is a sentence: its value c is the list of column c + 1 of all tokens; token i stands on line `line` + i.
class ConllReader final : public RecordReader {
 public:
  explicit ConllReader(LineReader lines) : lines_(std::move(lines)) {}

  // Errors (input): a line with another number of columns than the file's first, above all one without a tag.
  bool next(Record& record) override;
  bool at_hand() override { return lines_.line_at_hand(); }
  const std::vector<std::string>& columns() const override { return columns_; }
  const std::string& name() const override { return lines_.name(); }
  const char* format() const override { return "conll"; }
  std::string emptiness() const override { return ""; }

 private:
  void split(std::string_view line);
  void start(std::string_view line);
  void check_columns(std::string_view line) const;

  LineReader lines_;
  std::vector<std::string> columns_;
  std::vector<std::string_view> fields_;
  int64_t first_line_ = 0;  // of the file's first token
  bool tabs_ = false;
};

}  // namespace attune::data
