// Linear-chain conditional random field: the tags of a sentence are scored together.
//
//   score(z, y) = begin[y_1] + sum_t z[t, y_t] + sum_{t>1} transition[y_{t-1}, y_t] + end[y_T]
//   item_s = log sum over tag sequences of exp score - score(z_s, y_s);   d item / d z[t, k] = P(y_t = k) - [k = gold]
//
// logits z [n, K]; targets.sequences: the sentences, their words that have a piece (a word without one is passed over);
// targets.classes [n]. Own parameters: crf.transitions [K, K] from, to; crf.ends [2, K] beginning, ending; they begin
// at 0, take no weight decay, and learn `rate` times as fast as the model. Denominator: words of the sentences times
// u_s, the weight of their first word: a cost a word, as cross_entropy's. Sums of exponentials in f64 logarithms.
//
// `constrained`: tag sequences that break IOB2 (iob2.h) are no part of the sum, so nothing is learned from ruling them
// out; a sentence whose own tags break it is summed over all. In decoding, Viterbi with the learned scores (LabelChain)
// keeps the same rule by --decoding.
//
// Source: Lafferty, McCallum & Pereira 2001; for taggers Lample et al. 2016, arXiv 1603.01360, equations 1 to 3.
// Libraries average over sentences (pytorch-crf: sum, mean or token mean), and begin at U(-0.1, 0.1). rate 100 so that
// scores that begin at 0 reach a size that counts within a fine-tuning at 5e-5 (0.005 a step; the usual advice is a
// rate of 1e-3 to 1e-2 for the chain). Edges: words with an ignored tag are summed over (what is known of the sentence
// is learned); a sentence with no known tag costs 0 and counts for nothing.
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

struct CrfOptions {
  bool constrained = true;
  double rate = 100;
  void visit(OptionList& list);
};

extern const LossEntry kCrf;

}  // namespace attune::losses
