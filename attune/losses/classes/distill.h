// Knowledge distillation: towards the answers of a teacher that has seen the same rows.
//
//   item = T^2 sum_k q_k log(q_k / p_k),   q = softmax(v / T), p = softmax(z / T)
//
// logits z [n, K], the teacher's v [n, K] (Targets::teacher; --teacher FOLDER reads them before the first step, one
// pass without dropout). Temperature T: 2. Denominator: items with a teacher's answer, times u. The classes of the
// targets are not read, but for ignored items.
//
// Source: Hinton, Vinyals & Dean 2015, arXiv 1503.02531, section 2; T^2 keeps the gradient's size. There the objective
// is this and cross-entropy with the true labels: 0.5*cross_entropy + 0.5*distill. Libraries differ: torch's KLDivLoss
// "mean" divides by K too, and some leave T^2 out.
//
// Edges: an ignored item, one without a teacher's answer (NaN), and every item of an evaluation, costs 0 and counts for
// nothing: what `eval` calls the loss is the other terms'.
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

struct DistillOptions {
  double temperature = 2;
  void visit(OptionList& list);
};

extern const LossEntry kDistill;

}  // namespace attune::losses
