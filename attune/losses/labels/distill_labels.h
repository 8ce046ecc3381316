// Knowledge distillation of labels: towards the answers of a teacher that has seen the same rows.
//
//   item = T^2 sum_k [ q_k log(q_k / p_k) + (1 - q_k) log((1 - q_k) / (1 - p_k)) ],   q = sigmoid(v / T),
//   p = sigmoid(z / T), over the labels k that are known
//
// logits z [n, K], the teacher's v [n, K] (Targets::teacher; --teacher FOLDER). Temperature T: 2. Denominator: known
// labels of the items that the teacher answers, times u. Whether a label holds is not read.
//
// Source: Hinton, Vinyals & Dean 2015, arXiv 1503.02531, section 2, each label being a choice of two (that of one class
// among many: distill); Yang et al. 2023, arXiv 2308.06453, equation 3 (multi-label logits as binary choices). The
// objective is this and the labels' own: 0.5*bce + 0.5*distill_labels.
//
// Edges: an item without a teacher's answer (NaN), one of which no label is known, and every item of an evaluation,
// costs 0 and counts for nothing. Stable for any logits: log p and log(1 - p) are taken of z, not of p.
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

struct DistillLabelsOptions {
  double temperature = 2;
  void visit(OptionList& list);
};

extern const LossEntry kDistillLabels;

}  // namespace attune::losses
