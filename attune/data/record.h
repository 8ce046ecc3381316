// A record: raw fields as a file gave them, and the line they begin on. It knows nothing of labels or tokens.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace attune::data {

struct Value {
  enum class Kind { absent, null, text, number, boolean, list, object };
  Kind kind = Kind::absent;
  std::string text;                // text, number and boolean as written
  std::vector<std::string> items;  // list: its elements as text (lists of scalars only)
};

const char* name(Value::Kind kind);

struct Record {
  std::vector<Value> values;  // values[i] belongs to RecordReader::columns()[i]; it may be shorter than columns()
  int64_t line = 0;           // 1-based, of the first byte of the record
};

// A source of records. Errors in the data are attune::Error of kind input and name file, line and value.
class RecordReader {
 public:
  virtual ~RecordReader() = default;

  // Fills `record` with the next one; false at the end.
  virtual bool next(Record& record) = 0;

  // True where a record can be begun without waiting for whoever writes the input: its first line is there.
  virtual bool at_hand() = 0;

  // The columns known so far. CSV and TSV: from the header, complete after construction. JSONL: keys in the order
  // they were first seen. CoNLL: "1", "2", ... after the first sentence. Text: "text".
  virtual const std::vector<std::string>& columns() const = 0;

  virtual const std::string& name() const = 0;  // the file, for messages
  virtual const char* format() const = 0;       // "csv", "tsv", "jsonl", "conll", "text"

  // What to add to a complaint that no record came, for example "only a header". Empty where there is nothing to add.
  virtual std::string emptiness() const = 0;
};

}  // namespace attune::data
