#include "attune/text/tokenizer_files.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/base/json.h"
#include "attune/text/json_fields.h"
#include "attune/text/special_tokens.h"

namespace attune::text {
namespace {

using nlohmann::json;

// One piece a line; the line's number is its id. Of a piece that stands twice the last line counts.
Vocabulary read_vocabulary_lines(std::string_view bytes, const std::string& unknown) {
  std::vector<std::string_view> tokens;
  size_t unknown_line = 0;
  while (!bytes.empty()) {
    const size_t end = std::min(bytes.find('\n'), bytes.size());
    std::string_view line = bytes.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line == unknown) {
      if (unknown_line > 0)
        fail(ErrorKind::model, "vocab.txt has the unknown piece '{}' twice, on lines {} and {}; remove one", unknown,
             unknown_line, tokens.size() + 1);
      unknown_line = tokens.size() + 1;
    }
    tokens.push_back(line);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  return Vocabulary(tokens);
}

// A folder of the first kind: vocab.txt and what tokenizer_config.json says about BERT's normalizer.
TokenizerParts read_vocabulary_folder(const fs::path& folder) {
  json config = json::object();
  if (fs::exists(folder / "tokenizer_config.json"))
    config = parse_json(read_file(folder / "tokenizer_config.json"), "tokenizer_config.json", ErrorKind::model);
  WordPieceOptions options;
  if (config.contains("unk_token") && config["unk_token"].is_string()) options.unknown = config["unk_token"];
  BertOptions bert;
  bert.lowercase = json_bool(config, "do_lower_case", true);
  bert.strip_accents = json_bool(config, "strip_accents", bert.lowercase);
  bert.handle_chinese_chars = json_bool(config, "tokenize_chinese_chars", true);
  TokenizerParts parts;
  const std::string bytes = read_file(folder / "vocab.txt");
  if (bytes.empty()) fail(ErrorKind::model, "vocab.txt is empty; it should hold one piece a line");
  auto wordpiece = std::make_unique<WordPiece>(read_vocabulary_lines(bytes, options.unknown), options);
  parts.wordpiece = wordpiece.get();
  parts.model = std::move(wordpiece);
  parts.normalizer = make_bert_normalizer(bert);
  parts.pre_tokenizer = make_pre_tokenizer(json{{"type", "BertPreTokenizer"}});
  parts.bert = bert;
  // Named nowhere, these are still special to BERT.
  for (const char* content : {"[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"}) {
    if (parts.model->id_of(content) < 0) continue;
    AddedToken token;
    token.content = content;
    token.normalized = false;
    add_token(std::move(token), parts);
  }
  return parts;
}

}  // namespace

TokenizerParts read_tokenizer_files(const fs::path& folder) {
  return with_context(
      [&] { return "in the model folder " + folder.string(); },
      [&] {
        const bool has_json = fs::exists(folder / "tokenizer.json");
        if (!has_json && !fs::exists(folder / "vocab.txt"))
          fail(
              ErrorKind::model,
              "{} has neither tokenizer.json nor vocab.txt: no vocabulary; copy the tokenizer files that belong to the "
              "model into it",
              folder.string());
        TokenizerParts parts =
            has_json ? parse_tokenizer_json(read_file(folder / "tokenizer.json")) : read_vocabulary_folder(folder);
        read_special_tokens(folder, parts);
        for (const char* name : {"tokenizer.json", "vocab.txt", "tokenizer_config.json", "special_tokens_map.json",
                                 "added_tokens.json", "sentencepiece.bpe.model", "spiece.model"})
          if (fs::exists(folder / name)) parts.files.emplace_back(name);
        return parts;
      });
}

}  // namespace attune::text
