#include "attune/text/model.h"

#include <atomic>

#include "attune/base/error.h"

namespace attune::text {

namespace {

uint32_t next_number() {
  static std::atomic<uint32_t> last = 0;
  return ++last;
}

}  // namespace

Model::Model(Vocabulary tokens) : number_(next_number()), tokens_(std::move(tokens)) {
  if (static_cast<int64_t>(tokens_.size()) > kMostPieces)
    fail(ErrorKind::model, "the vocabulary has {} pieces; expected at most {}", tokens_.size(), kMostPieces);
  trie_ = PieceTrie(tokens_);
}

}  // namespace attune::text
