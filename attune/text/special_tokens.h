// Which tokens frame a sequence, and tokens that a folder's small files add.
#pragma once
#include <filesystem>
#include <nlohmann/json_fwd.hpp>

#include "attune/text/tokenizer_files.h"

namespace attune::text {

AddedToken read_added_token(const nlohmann::json& object);

// Gives `token` its id and adds it: the id of the piece it is, else the next free one. Does nothing if the content is
// empty or already added.
void add_token(AddedToken token, TokenizerParts& parts);

// Reads tokenizer_config.json, special_tokens_map.json and added_tokens.json of the folder where they are there: adds
// the tokens they name that are pieces of the vocabulary or carry an id, and fills in parts.special (names from the
// files, else the usual ones: [CLS] or <s>, [SEP] or </s>, ...). Returns tokenizer_config.json, or null.
nlohmann::json read_special_tokens(const std::filesystem::path& folder, TokenizerParts& parts);

}  // namespace attune::text
