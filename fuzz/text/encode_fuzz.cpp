// Any bytes as a text, for four small tokenizers: pieces are in order and within the text, the same twice, and BERT's
// one-pass form equals the plain stages.
#include <cstdlib>
#include <cstring>

#include "attune/base/utf8.h"
#include "attune/text/pipeline.h"
#include "attune/text/tokenizer_files.h"

namespace {

using attune::text::Piece;
using attune::text::Pipeline;

constexpr const char* kWordPiece = R"("model": {"type": "WordPiece", "vocab":
  {"[UNK]": 0, "a": 1, "##a": 2, "##b": 3, "e": 4, "[MASK]": 5, "中": 6, ".": 7, "##é": 8, "é": 9, "##가": 10, "ᄀ": 11}})";
constexpr const char* kUnigram = R"("model": {"type": "Unigram", "unk_id": 0, "vocab":
  [["<unk>", 0], ["▁", -2], ["a", -3], ["▁a", -4], ["ab", -4.5], ["é", -5], ["中", -6], ["▁中", -6.5]]})";

Pipeline make(const std::string& members) {
  return Pipeline(attune::text::parse_tokenizer_json(
      R"({"added_tokens": [{"content": "[MASK]", "lstrip": true, "special": true, "normalized": false}], )" + members +
      "}"));
}

std::vector<Piece> pieces_of(const Pipeline& tokenizer, std::string_view text) {
  std::vector<Piece> pieces;
  tokenizer.encode(text, pieces);
  const auto length = static_cast<int32_t>(attune::utf8::length(text));
  for (const Piece& piece : pieces)
    if (piece.id < 0 || piece.begin < 0 || piece.begin > piece.end || piece.end > length) std::abort();
  return pieces;
}

void expect_equal(const std::vector<Piece>& a, const std::vector<Piece>& b) {
  if (a.size() != b.size() || (!a.empty() && std::memcmp(a.data(), b.data(), a.size() * sizeof(Piece)) != 0))
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Pipeline bert =
      make(std::string(R"("normalizer": {"type": "BertNormalizer"}, "pre_tokenizer": {"type": "BertPreTokenizer"}, )") +
           kWordPiece);
  static const Pipeline plain =
      make(std::string(R"("normalizer": {"type": "Sequence", "normalizers": [{"type": "BertNormalizer"}]},
                          "pre_tokenizer": {"type": "BertPreTokenizer"}, )") +
           kWordPiece);
  static const Pipeline nfkc = make(std::string(R"("normalizer": {"type": "Sequence", "normalizers": [{"type": "NFKC"},
                            {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}]},
                          "pre_tokenizer": {"type": "Metaspace"}, )") +
                                    kUnigram);
  static const Pipeline stripped =
      make(std::string(R"("normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Strip"},
                            {"type": "Lowercase"}, {"type": "StripAccents"}, {"type": "Prepend", "prepend": "a"}]},
                          "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"},
                            {"type": "Metaspace", "prepend_scheme": "first"}]}, )") +
           kUnigram);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::vector<Piece> once = pieces_of(bert, text);
  expect_equal(once, pieces_of(bert, text));
  expect_equal(once, pieces_of(plain, text));
  pieces_of(nfkc, text);
  pieces_of(stripped, text);
  return 0;
}
