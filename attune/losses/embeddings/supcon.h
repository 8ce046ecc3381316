// Supervised contrastive loss: a text is to be nearer to those of its class than to the rest of the batch.
//
//   item_i = -1/|P(i)| sum_{p in P(i)} log( exp(s_ip / T) / sum_{a != i} exp(s_ia / T) ),   s the cosine
//
// Rows: one text and its class; P(i): the others of i's class in the batch. Also beside a loss of classes (classify):
// it then reads what the last layer reads. Denominator: weights of the items that have another of their class; the
// others cost 0. Ignored items, and those of weight 0, are not among the others either.
//
// Source: Khosla et al. 2020, arXiv 2004.11362, equation 2 (L_out; section 3.2.2 on why the sum stands outside the
// logarithm); with cross-entropy for fine-tuning: Gunel et al. 2021, arXiv 2011.01403. T 0.1 is the former's. The
// factor T / T_base of its code is left out: it is a weight. Traps: a class that stands in the batch once teaches
// nothing, so batches want several texts of a class; a step is evaluated as a whole (depends_on_batch).
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

struct SupConOptions {
  double temperature = 0.1;
  void visit(OptionList& list);
};

extern const LossEntry kSupCon;

}  // namespace attune::losses
