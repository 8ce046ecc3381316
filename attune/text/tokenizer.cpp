#include "attune/text/tokenizer.h"

#include "attune/text/pipeline.h"
#include "attune/text/tokenizer_files.h"

namespace attune::text {

std::unique_ptr<Tokenizer> Tokenizer::load(const std::filesystem::path& folder) {
  return std::make_unique<Pipeline>(read_tokenizer_files(folder));
}

}  // namespace attune::text
