#include "attune/text/model.h"

#include "attune/base/error.h"

namespace attune::text {

Model::Model(Vocabulary tokens) : tokens_(std::move(tokens)) {
  if (static_cast<int64_t>(tokens_.size()) > kMostPieces)
    fail(ErrorKind::model, "the vocabulary has {} pieces; expected at most {}", tokens_.size(), kMostPieces);
  trie_ = PieceTrie(tokens_);
}

}  // namespace attune::text
