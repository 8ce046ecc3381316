// attune's tokenizer alone on one thread, for bench/beside.py tokenize: what bench/peers/hf_tokenize.py is for Hugging
// Face's.
//
//   tokenize_lines MODEL_FOLDER FILE [--out IDS.json]
//
// Reads a text a line, makes ids with the special pieces and offsets, prints one JSON line with the numbers of texts
// and pieces; --out writes all ids, for comparing. To be timed from outside by two files of different size.
#include <exception>
#include <fmt/core.h>
#include <fstream>
#include <string>
#include <vector>

#include "attune/data/line_reader.h"
#include "attune/text/tokenizer.h"

namespace {

using namespace attune;

// [cls, ids..., sep] as JSON.
std::string json(const text::Tokenizer& tokenizer, const std::vector<text::Piece>& pieces) {
  std::string line = fmt::format("[{}", tokenizer.special().cls);
  for (const text::Piece& piece : pieces) line += fmt::format(",{}", piece.id);
  return line + fmt::format(",{}]", tokenizer.special().sep);
}

void run(const std::string& model, const std::string& path, const std::string& out) {
  const auto tokenizer = text::Tokenizer::load(model);
  data::LineReader lines = data::LineReader::open(path);
  std::ofstream ids;
  if (!out.empty()) ids.open(out, std::ios::binary);
  std::vector<text::Piece> pieces;
  int64_t texts = 0, total = 0;
  for (std::string_view line; lines.next(line); ++texts) {
    pieces.clear();
    tokenizer->encode(line, pieces);
    total += static_cast<int64_t>(pieces.size()) + 2;
    if (ids.is_open()) ids << (texts == 0 ? "[" : ",\n") << json(*tokenizer, pieces);
  }
  if (ids.is_open()) ids << (texts == 0 ? "[]\n" : "]\n");
  fmt::print("{{\"texts\": {}, \"real_tokens\": {}}}\n", texts, total);
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string> given(arguments + 1, arguments + count);
  const bool with_out = given.size() == 4 && given[2] == "--out";
  if (given.size() != 2 && !with_out) {
    fmt::print(stderr, "usage: tokenize_lines MODEL_FOLDER FILE [--out IDS.json]\n");
    return 2;
  }
  try {
    run(given[0], given[1], with_out ? given[3] : "");
  } catch (const std::exception& error) {
    fmt::print(stderr, "tokenize_lines: {}\n", error.what());
    return 1;
  }
  return 0;
}
