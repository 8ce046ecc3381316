// CSV and TSV after RFC 4180: quoted fields may hold separators, line ends and doubled quotes. The first record is the
// header unless told otherwise. Lines may end in CRLF or LF; line ends inside quotes are kept as they are. Empty lines
// between records are skipped. A quote inside an unquoted field is an ordinary character.
#pragma once
#include "attune/data/line_reader.h"
#include "attune/data/record.h"

namespace attune::data {

struct DelimitedOptions {
  char separator = ',';
  bool header = true;  // false: columns are named "1", "2", ...
  bool quotes = true;  // false: a quote is an ordinary character
};

class DelimitedReader final : public RecordReader {
 public:
  // Reads the header. Errors (input): empty file.
  DelimitedReader(LineReader lines, DelimitedOptions options);

  // Errors (input): a record with another number of fields than the header; an unclosed quote (names the line on which
  // it opened); text after a closing quote.
  bool next(Record& record) override;
  bool at_hand() override { return pending_ || lines_.line_at_hand(); }
  const std::vector<std::string>& columns() const override { return columns_; }
  const std::string& name() const override { return lines_.name(); }
  const char* format() const override { return options_.separator == '\t' ? "tsv" : "csv"; }
  std::string emptiness() const override;

 private:
  bool read_fields();
  size_t read_quoted(std::string& field, size_t at);
  void fail_ragged() const;

  LineReader lines_;
  DelimitedOptions options_;
  std::vector<std::string> columns_;
  std::vector<std::string> fields_;
  size_t count_ = 0;       // fields of the current record
  int64_t begin_ = 0;      // its first line
  std::string_view line_;  // the physical line being read
  bool pending_ = false;   // without a header the first record was read to count the columns
};

}  // namespace attune::data
