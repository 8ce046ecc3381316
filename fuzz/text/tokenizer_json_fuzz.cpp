// Any bytes as tokenizer.json: an error or a tokenizer that encodes, never a crash. What follows the first zero byte is
// the text to encode (without one, a fixed text). BERT's one-pass form is left to encode_fuzz.cpp: making its tables at
// every input would leave time for little else.
#include "attune/base/error.h"
#include "attune/text/pipeline.h"
#include "attune/text/tokenizer_files.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t zero = input.find('\0');
  const std::string_view text =
      zero == std::string_view::npos ? "A b\xC3\xA9 \xE4\xB8\xAD \xE2\x96\x81 <s>" : input.substr(zero + 1);
  try {
    attune::text::TokenizerParts parts = attune::text::parse_tokenizer_json(input.substr(0, zero));
    parts.bert.reset();
    const attune::text::Pipeline tokenizer(std::move(parts));
    std::vector<attune::text::Piece> pieces;
    tokenizer.encode(text, pieces);
    for (const attune::text::Piece& piece : pieces)
      if (piece.id < 0 || piece.id >= tokenizer.vocabulary_size()) __builtin_trap();
  } catch (const attune::Error&) {
  }
  return 0;
}
