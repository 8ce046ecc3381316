// config.json and model.safetensors.index.json: an Error or a document.
#include "attune/base/json.h"

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "attune/base/error.h"
#include "attune/io/model_folder.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const bool index : {false, true}) {
    try {
      if (index)
        attune::io::parse_shard_index(text, "fuzz.json");
      else
        attune::parse_json(text, "fuzz.json", attune::ErrorKind::model);
    } catch (const attune::Error& error) {
      if (error.kind() != attune::ErrorKind::model) std::abort();
    }
  }
  return 0;
}
