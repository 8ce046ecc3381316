// From text to vocabulary ids, equal to the reference implementation (Hugging Face tokenizers) on every id and every
// character offset. A tokenizer is immutable after loading and may be used from many threads at once.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace attune::text {

// One piece of the vocabulary found in a text.
struct Piece {
  int32_t id;
  int32_t begin, end;  // code points of the text as given, [begin, end)
};

// Ids of the pieces that frame a sequence; -1 where the vocabulary has none.
struct SpecialIds {
  int32_t cls = -1, sep = -1, pad = -1, unk = -1, mask = -1;
};

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  // Opens the tokenizer of a Hugging Face folder: tokenizer.json (WordPiece or Unigram) if there is one, else
  // vocab.txt with tokenizer_config.json. Errors (model): no vocabulary, unknown type, broken file; each names the
  // file and what would help.
  static std::unique_ptr<Tokenizer> load(const std::filesystem::path& folder);

  // Appends the pieces of `text`, without [CLS] and [SEP]. Bytes that are not UTF-8 count as U+FFFD.
  virtual void encode(std::string_view text, std::vector<Piece>& out) const = 0;

  // The piece as the vocabulary spells it, for example "##ing" or "▁the".
  virtual std::string_view token(int32_t id) const = 0;
  virtual int32_t vocabulary_size() const = 0;
  virtual const SpecialIds& special() const = 0;

  // True where a space before a word is part of its first piece (Metaspace): then characters that stood together
  // must be given together (see data/encode.h).
  virtual bool marks_spaces() const = 0;

  // Settings found in the folder and deliberately not used (truncation and padding of tokenizer.json), one line each.
  virtual const std::vector<std::string>& ignored_settings() const = 0;

  // The files of the folder that make up the tokenizer, to be copied unchanged beside a fine-tuned model.
  virtual const std::vector<std::string>& files() const = 0;
};

}  // namespace attune::text
