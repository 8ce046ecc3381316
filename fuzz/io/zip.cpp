// A zip archive from outside: an Error, or entries of bounded size.
#include <cstdlib>

#include "attune/base/error.h"
#include "attune/io/model_wheel.h"
#include "attune/io/zip_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace attune::io;
  constexpr uint64_t kMost = 1 << 20;
  const auto expect_io = [](const attune::Error& error) {
    if (error.kind() != attune::ErrorKind::io) std::abort();
  };
  try {
    const ZipReader zip(std::as_bytes(std::span(data, size)), "fuzz.zip");
    for (const auto& name : zip.names()) {
      try {
        const std::string bytes = zip.read(name, kMost);
        if (bytes.size() > kMost) std::abort();
        if (name.ends_with("tokenizer.json")) vocabulary_lines(bytes, name);
      } catch (const attune::Error& error) {
        expect_io(error);
      }
    }
  } catch (const attune::Error& error) {
    expect_io(error);
  }
  return 0;
}
