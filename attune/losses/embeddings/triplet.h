// A positive is to be nearer to its anchor than a negative is, by a margin.
//
//   triplet         item_i = mean over the row's negatives n of max(0, d(a, p) - d(a, n) + margin)
//
// Rows: anchor, positive, negatives. A row without negatives costs 0 and counts for nothing; other rows' texts are no
// negatives (info_nce has these). d: distance.h. Denominator: weights of the rows that have negatives.
//
// Source: Schroff et al. 2015, arXiv 1503.03832, section 3.1 (squared chords; margin 0.2). Squared chords are twice the
// cosine distance: the paper's margin is 0.1 of it; 0.2 is in use for cosines and asks a little more. Traps:
// distance=euclidean wants a margin of the size of its distances (sentence-transformers has 5, and 5 with cosines would
// never be reached); once all triplets keep the margin nothing more is learned.
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

struct TripletOptions {
  std::string distance = "cosine";
  double margin = 0.2;
  void visit(OptionList& list);
};

extern const LossEntry kTriplet;

}  // namespace attune::losses
