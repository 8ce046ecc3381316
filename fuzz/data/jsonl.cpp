// JSON Lines: any bytes give records or an attune::Error of kind input.
#include "attune/data/jsonl.h"

#include <cstdlib>
#include <sstream>

#include "attune/base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace attune::data;
  std::istringstream stream(std::string(reinterpret_cast<const char*>(bytes), size));
  try {
    JsonlReader reader(LineReader(stream, "fuzz.jsonl"));
    for (Record record; reader.next(record);)
      if (record.values.size() > reader.columns().size()) std::abort();
  } catch (const attune::Error& error) {
    if (error.kind() != attune::ErrorKind::input) std::abort();
  }
  return 0;
}
