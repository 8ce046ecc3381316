// JSON Lines: one object a line. Empty lines are skipped. Numbers keep their value (1.50 reads as "1.5").
#pragma once
#include <unordered_map>

#include "attune/data/line_reader.h"
#include "attune/data/record.h"

namespace attune::data {

class JsonlReader final : public RecordReader {
 public:
  explicit JsonlReader(LineReader lines) : lines_(std::move(lines)) {}

  // Errors (input): a line that is not JSON (column and reason), or not an object; a list that holds lists or objects
  // is kept as kind `object` and only complained about when a task wants it.
  bool next(Record& record) override;
  bool at_hand() override { return lines_.line_at_hand(); }
  const std::vector<std::string>& columns() const override { return columns_; }
  const std::string& name() const override { return lines_.name(); }
  const char* format() const override { return "jsonl"; }
  std::string emptiness() const override { return ""; }

 private:
  size_t column(const std::string& key);

  LineReader lines_;
  std::vector<std::string> columns_;
  std::unordered_map<std::string, size_t> index_;
};

}  // namespace attune::data
