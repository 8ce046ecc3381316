// From any bytes in any format to examples of any target, and on to sequences: words keep their places in the text,
// sequences keep within the length asked for, every word is labelled at most once.
#include <cstdlib>
#include <set>
#include <sstream>

#include "attune/base/error.h"
#include "attune/base/utf8.h"
#include "attune/data/encode.h"
#include "attune/data/example_reader.h"
#include "attune/data/open_records.h"

#include "tests/data/tokenizers.h"

namespace {

using namespace attune::data;

const attune::text::Tokenizer& tokenizer(bool spaces) {
  static const std::vector<std::string> pieces = {"a",
                                                  "##a",
                                                  "b",
                                                  "##b",
                                                  "ab",
                                                  "\xE2\x96\x81",
                                                  "\xE2\x96\x81"
                                                  "a"};
  static const WordTokenizer words(pieces);
  static const SpaceTokenizer marks(pieces);
  return spaces ? static_cast<const attune::text::Tokenizer&>(marks) : words;
}

void check_encoding(const Example& example, TargetKind target, bool spaces) {
  static const char* const kTruncations[] = {"auto", "head", "tail", "head-tail"};
  for (const char* truncation : kTruncations) {
    EncodedSet set;
    Encoder(tokenizer(spaces), target, {.max_length = 8, .truncate = truncation}).append(example, set);
    std::set<int32_t> seen;
    for (int64_t s = 0; s < set.size(); ++s) {
      if (set.length(s) > 8) std::abort();
      for (const auto& place : set.at(s).places)
        for (int32_t word = place.word; word < place.word + place.words; ++word)
          if (place.position < 1 || place.position >= set.length(s) - 1 ||
              word >= static_cast<int32_t>(example.words.size()) || !seen.insert(word).second)
            std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size < 2) return 0;
  static const char* const kFormats[] = {"auto", "csv", "tsv", "jsonl", "conll", "text"};
  const auto target = static_cast<TargetKind>(bytes[0] % 4);
  const auto need = static_cast<TargetNeed>(bytes[0] / 4 % 3);
  ReadOptions options;
  options.format = kFormats[bytes[1] % 6];
  options.header = (bytes[1] & 64) == 0;
  if (!options.header) options.text = "1", options.label = {"2"};
  std::istringstream stream(std::string(reinterpret_cast<const char*>(bytes) + 2, size - 2));
  try {
    ExampleReader reader(open_records(stream, "fuzz", options, target, need), target, need, options);
    for (Example example; reader.next(example);) {
      if (example.word_spans.size() != example.words.size()) std::abort();
      if (!example.words.empty() &&
          example.word_spans.back().end > static_cast<int32_t>(attune::utf8::length(example.text)))
        std::abort();
      check_encoding(example, target, (bytes[1] & 128) != 0);
    }
  } catch (const attune::Error& error) {
    if (error.kind() == attune::ErrorKind::internal) throw;
  }
  return 0;
}
