// A tokenizer folder of the first kind: vocab.txt, tokenizer_config.json, special_tokens_map.json and
// added_tokens.json, parted by zero bytes; an empty part is a file that is not there. An error, or a tokenizer that
// encodes. BERT's one-pass form is left to encode_fuzz.cpp: making its tables at every input would leave time for
// little else.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include "attune/base/error.h"
#include "attune/text/pipeline.h"
#include "attune/text/tokenizer_files.h"

namespace {

namespace fs = std::filesystem;

// In memory where there is such a folder: a disk would set the pace.
struct Scratch {
  fs::path path = (fs::exists("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path()) /
                  ("attune-fuzz-" + std::to_string(::getpid()));
  Scratch() { fs::create_directories(path); }
  ~Scratch() { fs::remove_all(path); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Scratch folder;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  for (const char* name : {"vocab.txt", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"}) {
    const std::string_view part = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    fs::remove(folder.path / name);
    if (!part.empty()) std::ofstream(folder.path / name, std::ios::binary) << part;
  }
  try {
    attune::text::TokenizerParts parts = attune::text::read_tokenizer_files(folder.path);
    parts.bert.reset();
    const attune::text::Pipeline tokenizer(std::move(parts));
    std::vector<attune::text::Piece> pieces;
    tokenizer.encode("a B\xC3\xA9 \xE4\xB8\xAD [MASK] <s>", pieces);
    for (const auto& piece : pieces)
      if (piece.id < 0 || piece.id >= tokenizer.vocabulary_size()) std::abort();
  } catch (const attune::Error& error) {
    if (error.kind() != attune::ErrorKind::model) std::abort();
  }
  return 0;
}
