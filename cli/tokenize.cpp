// attune tokenize: lines of text in, pieces out.
#include <iostream>
#include <nlohmann/json.hpp>

#include "attune/base/error.h"
#include "attune/base/json.h"
#include "attune/data/line_reader.h"
#include "attune/io/resolve.h"
#include "attune/tasks/adapter_folder.h"
#include "attune/text/tokenizer.h"

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace attune::cli {
namespace {

using Json = nlohmann::ordered_json;

struct TokenizeOptions {
  std::string model;

  void visit(OptionList& list) {
    list.add("model", model,
             {.help = "model whose tokenizer is used: a name, a folder or a hub id",
              .placeholder = "MODEL",
              .required = true});
  }
};

void add_piece(Json& line, const text::Tokenizer& tokenizer, const text::Piece& piece) {
  line["ids"].push_back(piece.id);
  line["tokens"].push_back(std::string(tokenizer.token(piece.id)));
  line["offsets"].push_back({piece.begin, piece.end});
}

// Special pieces stand nowhere in the text: [0, 0), as Hugging Face's tokenizers give them.
std::string tokenized(const text::Tokenizer& tokenizer, std::string_view text, std::vector<text::Piece>& pieces) {
  pieces.clear();
  tokenizer.encode(text, pieces);
  Json line{{"ids", Json::array()}, {"tokens", Json::array()}, {"offsets", Json::array()}};
  add_piece(line, tokenizer, {tokenizer.special().cls, 0, 0});
  for (const text::Piece& piece : pieces) add_piece(line, tokenizer, piece);
  add_piece(line, tokenizer, {tokenizer.special().sep, 0, 0});
  return json_line(line);
}

}  // namespace

int run_tokenize(const ArgumentList& arguments) {
  TokenizeOptions options;
  OptionList list;
  options.visit(list);
  const Arguments parsed = parse_arguments(arguments, list, 1);
  if (parsed.help) {
    put(help_text(
        "attune tokenize --model MODEL [FILE]",
        "Reads lines of text (FILE, or standard input) and prints one JSON object a line: ids with [CLS] and [SEP],\n"
        "tokens as the vocabulary spells them, and offsets [begin, end) in characters of the line. Nothing is cut.",
        list));
    return 0;
  }
  const std::filesystem::path folder = io::resolve_model(options.model);
  const auto tokenizer = text::Tokenizer::load(tasks::tokenizer_folder(folder));
  if (tokenizer->special().cls < 0 || tokenizer->special().sep < 0)
    fail(ErrorKind::model, "{}: the vocabulary has no [CLS] or [SEP] piece; a BERT-family model needs both",
         folder.string());
  const bool from_file = !parsed.positional.empty() && parsed.positional[0] != "-";
  data::LineReader lines =
      from_file ? data::LineReader::open(parsed.positional[0]) : data::LineReader(std::cin, "standard input");
  std::vector<text::Piece> pieces;
  for (std::string_view line; lines.next(line);) put(tokenized(*tokenizer, line, pieces));
  return 0;
}

}  // namespace attune::cli
