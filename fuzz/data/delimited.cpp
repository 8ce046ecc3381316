// CSV and TSV: any bytes give records or an attune::Error; lines only go up, every record has all columns.
#include "attune/data/delimited.h"

#include <cstdlib>
#include <sstream>

#include "attune/base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size == 0) return 0;
  using namespace attune::data;
  const DelimitedOptions options{
      .separator = bytes[0] & 1 ? '\t' : ',', .header = (bytes[0] & 2) == 0, .quotes = (bytes[0] & 4) == 0};
  std::istringstream stream(std::string(reinterpret_cast<const char*>(bytes) + 1, size - 1));
  try {
    DelimitedReader reader(LineReader(stream, "fuzz.csv"), options);
    int64_t line = 0;
    for (Record record; reader.next(record);) {
      if (record.line <= line || record.values.size() != reader.columns().size()) std::abort();
      line = record.line;
    }
  } catch (const attune::Error& error) {
    if (error.kind() != attune::ErrorKind::input) std::abort();
  }
  return 0;
}
