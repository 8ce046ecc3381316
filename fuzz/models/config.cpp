// config.json as a BERT encoder's sizes: an Error, or sizes that belong together.
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "attune/base/error.h"
#include "attune/base/json.h"
#include "attune/models/bert_config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using attune::models::BertConfig;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const BertConfig config =
        BertConfig::from_json(attune::parse_json(text, "config.json", attune::ErrorKind::model), "config.json");
    if (config.vocabulary < 1 || config.hidden < 1 || config.layers < 1 || config.heads < 1 || config.positions < 1 ||
        config.segments < 1 || config.intermediate < 1 || config.hidden % config.heads != 0)
      std::abort();
    for (const float rate : {config.hidden_dropout, config.attention_dropout, config.classifier_dropout})
      if (!(rate >= 0 && rate < 1)) std::abort();
  } catch (const attune::Error& error) {
    if (error.kind() != attune::ErrorKind::model) std::abort();
  }
  return 0;
}
