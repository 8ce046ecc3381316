// Plain text: every line is a record of one column, "text". Empty lines are kept, so that results line up with lines.
#pragma once
#include "attune/data/line_reader.h"
#include "attune/data/record.h"

namespace attune::data {

class TextLineReader final : public RecordReader {
 public:
  explicit TextLineReader(LineReader lines) : lines_(std::move(lines)) {}
  bool next(Record& record) override;
  bool at_hand() override { return lines_.line_at_hand(); }
  const std::vector<std::string>& columns() const override { return columns_; }
  const std::string& name() const override { return lines_.name(); }
  const char* format() const override { return "text"; }
  std::string emptiness() const override { return ""; }

 private:
  LineReader lines_;
  std::vector<std::string> columns_{"text"};
};

}  // namespace attune::data
