// A safetensors file is refused with an Error or is right: then every tensor can be read.
#include "attune/io/safetensors.h"

#include <cstdlib>
#include <vector>

#include "attune/base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace attune::io;
  try {
    const auto content = parse_safetensors(std::as_bytes(std::span(data, size)), "fuzz.safetensors");
    for (const TensorView& tensor : content.tensors) {
      if (tensor.bytes.size() != static_cast<size_t>(tensor.elements) * size_of(tensor.dtype)) std::abort();
      if (!is_weight_type(tensor.dtype)) continue;
      std::vector<float> values(static_cast<size_t>(tensor.elements));
      read_f32(tensor, "fuzz.safetensors", values);
    }
  } catch (const attune::Error& error) {
    if (error.kind() != attune::ErrorKind::model) std::abort();
  }
  return 0;
}
