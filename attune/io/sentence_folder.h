// What a sentence-transformers folder has beside a Hugging Face model: how hidden states become one vector a text.
//
//   modules.json                       the stages: Transformer, Pooling and, where vectors have length 1, Normalize
//   1_Pooling/config.json              which pooling, and the width it expects
//   sentence_bert_config.json          beside the weights: the longest text, in tokens
//   config_sentence_transformers.json  prompts and how two vectors are compared
//
// Source: sentence-transformers, `SentenceTransformer.save` and `load` of each module. Read is what any version writes,
// written what all of them read; both were tried with 2.7.0 and 6.2.0, whose vectors are those of the settings.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace attune::io {

struct SentenceSettings {
  bool mean = true;                        // of the tokens' hidden states, special tokens included; else the first's
  bool normalize = false;                  // vectors are scaled to length 1
  std::optional<int64_t> max_length = {};  // tokens, special ones included; absent: as many as the model has positions
  std::string query_prompt = {};           // put before the text as it is
  std::string document_prompt = {};
  std::string similarity = "cosine";  // cosine, dot, euclidean or manhattan

  bool operator==(const SentenceSettings&) const = default;
};

// `hidden`: the model's width. Nothing where the folder has no modules.json. Where a file or a field is missing, what
// sentence-transformers takes: mean pooling, no limit but the tokenizer's own (model_max_length of
// tokenizer_config.json), no prompts, cosine.
// The prompts are those named "query" and "document" (else "passage", "corpus"); where there are none of these, the
// one that default_prompt_name names stands before every text, as `encode` puts it.
// Errors (model), each naming the file: not JSON or of another form; other modules than Transformer, Pooling and
// Normalize, or in another order; a path that leaves the folder; max pooling or any other than the two, or several at
// once; another width than `hidden`; what attune does not do and would change the vectors (prompts that pooling
// leaves out, lower-casing that the tokenizer does not do, vectors cut to truncate_dim); another similarity.
std::optional<SentenceSettings> read_sentence_settings(const std::filesystem::path& folder, int64_t hidden);

// Where config.json, weights and vocabulary lie: `folder` itself, or in older ones the folder in it that modules.json
// names for its Transformer ("0_Transformer"). Errors (model): those of modules.json.
std::filesystem::path transformer_folder(const std::filesystem::path& folder);

// Writes the four files, each atomically and modules.json last, and the empty folder 2_Normalize where vectors are
// normalised; the model itself lies in `folder`. Errors (usage): a prompt that is not UTF-8; (io): the system
// refused; (internal): another similarity.
void write_sentence_settings(const std::filesystem::path& folder, const SentenceSettings& settings, int64_t hidden);

}  // namespace attune::io
