// tokenizer.json, read into TokenizerParts.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "attune/base/error.h"
#include "attune/base/json.h"
#include "attune/text/json_fields.h"
#include "attune/text/reference_number.h"
#include "attune/text/special_tokens.h"
#include "attune/text/tokenizer_files.h"
#include "attune/text/unigram.h"
#include "attune/text/vocabulary_scan.h"

namespace attune::text {
namespace {

using nlohmann::json;

const json& at_or_null(const json& object, const char* field) {
  static const json null;
  const auto at = object.find(field);
  return at == object.end() ? null : *at;
}

Vocabulary read_vocabulary_object(const json& vocabulary) {
  std::vector<std::string_view> tokens(vocabulary.size());
  std::vector<bool> taken(vocabulary.size());
  for (auto at = vocabulary.begin(); at != vocabulary.end(); ++at) {
    const std::string& piece = at.key();
    const json& id_value = *at;
    const int64_t id = id_value.is_number_integer() ? id_value.get<int64_t>() : -1;
    if (id < 0 || id >= kMostPieces)
      fail(ErrorKind::model, "the piece '{}' has the id {}; expected a whole number from 0 to {}", piece,
           shown(id_value), kMostPieces - 1);
    if (static_cast<size_t>(id) >= tokens.size()) {
      tokens.resize(static_cast<size_t>(id) + 1);
      taken.resize(tokens.size());
    }
    if (taken[id]) fail(ErrorKind::model, "the pieces '{}' and '{}' have the same id {}", tokens[id], piece, id);
    taken[id] = true;
    tokens[id] = piece;
  }
  return Vocabulary(tokens);
}

// `scanned` (may be null) holds what vocabulary_scan.h took out of the document.
std::unique_ptr<WordPiece> read_wordpiece(const json& model, const ScannedVocabulary* scanned) {
  const json& vocabulary = at_or_null(model, "vocab");
  if (!vocabulary.is_object())
    fail(ErrorKind::model, "a WordPiece model needs 'vocab', an object from piece to id, but it is {}",
         shown(vocabulary));
  WordPieceOptions options;
  options.unknown = json_string(model, "unk_token").value_or(options.unknown);
  options.prefix = json_string(model, "continuing_subword_prefix").value_or(options.prefix);
  options.max_characters = json_integer(model, "max_input_chars_per_word", options.max_characters);
  return std::make_unique<WordPiece>(scanned ? Vocabulary(scanned->pieces) : read_vocabulary_object(vocabulary),
                                     options);
}

// [["piece", score], ...]
ScannedVocabulary read_scored_pieces(const json& vocabulary) {
  ScannedVocabulary out;
  for (const json& row : vocabulary) {
    if (!row.is_array() || row.size() != 2 || !row[0].is_string() || !row[1].is_number())
      fail(ErrorKind::model, "piece {} of a Unigram vocabulary should be [\"piece\", score], but is {}",
           out.pieces.size(), row.dump(-1, ' ', true, json::error_handler_t::replace).substr(0, 60));
    out.pieces.push_back(row[0].get_ref<const std::string&>());
    out.scores.push_back(as_reference_reads(row[1].get<double>()));
  }
  return out;
}

std::unique_ptr<Model> read_unigram(const json& model, const ScannedVocabulary* scanned) {
  const json& vocabulary = required_array(model, "vocab");
  if (json_bool(model, "byte_fallback", false))
    fail(ErrorKind::model, "tokenizer.json asks for a Unigram model with byte_fallback, which attune does not know");
  ScannedVocabulary read;
  if (!scanned) scanned = &(read = read_scored_pieces(vocabulary));
  return std::make_unique<Unigram>(Vocabulary(scanned->pieces), scanned->scores, json_integer(model, "unk_id", -1));
}

void read_model(const json& model, const ScannedVocabulary* scanned, TokenizerParts& parts) {
  if (!model.is_object()) fail(ErrorKind::model, "'model' should be an object, but is {}", shown(model));
  std::string type = json_string(model, "type").value_or("");
  // Files of the first versions do not name the type.
  if (type.empty() && model.contains("continuing_subword_prefix")) type = "WordPiece";
  if (type.empty() && at_or_null(model, "vocab").is_array()) type = "Unigram";
  if (type == "WordPiece") {
    std::unique_ptr<WordPiece> wordpiece = read_wordpiece(model, scanned);
    parts.wordpiece = wordpiece.get();
    parts.model = std::move(wordpiece);
  } else if (type == "Unigram") {
    parts.model = read_unigram(model, scanned);
  } else {
    fail(ErrorKind::model,
         "the model of tokenizer.json has the type '{}', which attune does not know; known are WordPiece and Unigram",
         type);
  }
}

bool has_type(const json& object, const char* type) {
  return object.is_object() && at_or_null(object, "type") == type;
}

void report_ignored(const json& document, TokenizerParts& parts) {
  if (const json& truncation = at_or_null(document, "truncation"); truncation.is_object())
    parts.ignored_settings.push_back("tokenizer.json truncates to " + shown(at_or_null(truncation, "max_length")) +
                                     " tokens: not used, --max-length and --truncate decide");
  if (const json& padding = at_or_null(document, "padding"); padding.is_object())
    parts.ignored_settings.push_back("tokenizer.json pads sequences: not used, attune does not pad");
}

TokenizerParts read_document(const json& document, const ScannedVocabulary* scanned) {
  if (!document.is_object())
    fail(ErrorKind::model, "tokenizer.json should hold an object, but holds {}", shown(document));
  TokenizerParts parts;
  const json& normalizer = at_or_null(document, "normalizer");
  const json& pre_tokenizer = at_or_null(document, "pre_tokenizer");
  read_model(at_or_null(document, "model"), scanned, parts);
  parts.normalizer = make_normalizer(normalizer);
  parts.pre_tokenizer = make_pre_tokenizer(pre_tokenizer);
  if (parts.wordpiece && has_type(normalizer, "BertNormalizer") && has_type(pre_tokenizer, "BertPreTokenizer"))
    parts.bert = read_bert_options(normalizer);
  if (const json& added = at_or_null(document, "added_tokens"); !added.is_null())
    for (const json& object : required_array(document, "added_tokens")) add_token(read_added_token(object), parts);
  report_ignored(document, parts);
  return parts;
}

}  // namespace

AddedToken read_added_token(const json& object) {
  AddedToken token;
  token.content = required_string(object, "content");
  token.single_word = json_bool(object, "single_word", false);
  token.lstrip = json_bool(object, "lstrip", false);
  token.rstrip = json_bool(object, "rstrip", false);
  token.normalized = json_bool(object, "normalized", !json_bool(object, "special", false));
  return token;
}

TokenizerParts parse_tokenizer_json(std::string_view bytes) {
  constexpr const char* kName = "tokenizer.json";
  if (const std::optional<ScannedVocabulary> scanned = scan_vocabulary(bytes)) {
    try {
      return read_document(parse_json(scanned->rest, kName, ErrorKind::model), &*scanned);
    } catch (const Error&) {
      // Said again below, with the lines of the whole file.
    }
  }
  return read_document(parse_json(bytes, kName, ErrorKind::model), nullptr);
}

}  // namespace attune::text
