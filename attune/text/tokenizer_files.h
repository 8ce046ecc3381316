// The tokenizer of a Hugging Face folder as its files describe it, before anything is built from it.
#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attune/text/added_tokens.h"
#include "attune/text/model.h"
#include "attune/text/normalizer.h"
#include "attune/text/pre_tokenizer.h"
#include "attune/text/wordpiece.h"

namespace attune::text {

struct TokenizerParts {
  std::unique_ptr<Normalizer> normalizer;       // may be null
  std::unique_ptr<PreTokenizer> pre_tokenizer;  // may be null
  std::unique_ptr<Model> model;
  // Set where the three are BERT's own, which bert_words.h does in one pass.
  std::optional<BertOptions> bert;
  const WordPiece* wordpiece = nullptr;  // the model, if it is one

  std::vector<AddedToken> added;
  SpecialIds special;
  std::vector<std::string> ignored_settings;
  std::vector<std::string> files;  // names within the folder
};

// Reads tokenizer.json, else vocab.txt, with tokenizer_config.json, special_tokens_map.json and added_tokens.json where
// they are there. Errors (model, io): as Tokenizer::load says.
TokenizerParts read_tokenizer_files(const std::filesystem::path& folder);

// What tokenizer.json says, from its bytes; `special` and `files` stay empty.
TokenizerParts parse_tokenizer_json(std::string_view bytes);

}  // namespace attune::text
