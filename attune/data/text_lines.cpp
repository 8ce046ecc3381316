#include "attune/data/text_lines.h"

namespace attune::data {

bool TextLineReader::next(Record& record) {
  std::string_view line;
  if (!lines_.next(line)) return false;
  record.line = lines_.number();
  record.values.resize(1);
  record.values[0].kind = Value::Kind::text;
  record.values[0].text.assign(line);
  return true;
}

}  // namespace attune::data
