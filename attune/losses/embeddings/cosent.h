// Rows of two texts are to be ordered by their cosines as they are by their scores.
//
//   item = log(1 + sum over rows i, j with y_i < y_j of u_i u_j exp((cos_i - cos_j) / T))
//
// Rows: two texts and a score; only the order of scores matters, so any scale will do. One item for the whole batch;
// denominator 1 where there is a pair of rows with different scores, else 0. u: weights of the rows. A score that is
// not known (NaN) is in no pair.
//
// Source: Su 2022, "CoSENT (1)", kexue.fm/archives/8847; Huang et al. 2024, IEEE/ACM TASLP 32, "CoSENT: Consistent
// Sentence Embedding via Similarity Ranking". T 0.05 is the scale 20 of both and of sentence-transformers' CoSENTLoss,
// whose value this is (it knows no weights). Traps: a batch of equal scores costs 0 and teaches nothing, and two
// scores need a batch in which both stand; the value grows with the logarithm of the pairs, so it says little between
// batch sizes; a step is evaluated as a whole (depends_on_batch).
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

struct CosentOptions {
  double temperature = 0.05;
  void visit(OptionList& list);
};

extern const LossEntry kCosent;

}  // namespace attune::losses
