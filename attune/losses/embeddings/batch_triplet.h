// Triplets made from the classes of a batch: an anchor's positives are the others of its class, its negatives the rest.
//
//   hard       item_i = max(0, max_p d(i, p) - min_n d(i, n) + margin)
//   semihard   item_i = mean over p of max(0, d(i, p) - d(i, n(p)) + margin); n(p): the nearest negative that is
//              farther than p, else the farthest of all
//   all        item_i = mean over p and n of max(0, d(i, p) - d(i, n) + margin)
//
// Rows: one text and its class; also beside a loss of classes, as supcon. d: distance.h; squared distances from gram.h.
// Denominator: weights of the items that have both a positive and a negative in the batch. Ignored items, and those of
// weight 0, are neither.
//
// Sources: hard and all: Hermans et al. 2017, arXiv 1703.07737, equations 5 and 6 (sums there); semihard: Schroff et
// al. 2015, arXiv 1503.03832, section 3.2, with the farthest negative where none is outside, as TensorFlow's and
// sentence-transformers' have it (means there over all pairs of the batch, here by anchor). margin: triplet.h. Traps:
// hard mining from a model that knows nothing tends to one point for all texts (watch the loss stay at the margin); a
// step is evaluated as a whole (depends_on_batch).
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

struct BatchTripletOptions {
  std::string mining = "hard";
  std::string distance = "cosine";
  double margin = 0.2;
  void visit(OptionList& list);
};

extern const LossEntry kBatchTriplet;

}  // namespace attune::losses
