// Contrastive loss with the batch's other texts as negatives: each anchor is to find its positive among them.
//
//   item_i = log sum_{c in C(i)} exp(s(a_i, c) / T) - s(a_i, p_i) / T
//   symmetric: the mean of that and of  log sum_{a in A(i)} exp(s(p_i, a) / T) - s(p_i, a_i) / T
//
// Rows: anchor a, positive p, negatives (any number). C(i): all positives and negatives of the batch; A(i): all
// anchors. s: the cosine, or the product of the vectors as they are. Denominator: sum of the items' weights. A row of
// weight 0 is as absent: its texts are no candidates either.
//
// duplicates=mask leaves out what would be a false negative: texts equal to a_i or to p_i, and positives of rows whose
// anchor equals a_i (of A(i): anchors equal to a_i or p_i, and those whose positive equals p_i). A row's own negatives
// always stay: the data says that they are some. keep: all are candidates, as elsewhere.
//
// Source: van den Oord et al. 2018, arXiv 1807.03748, equation 4; in-batch negatives of text pairs: Henderson et al.
// 2017, arXiv 1705.00652. T 0.05 is the scale 20 of sentence-transformers'
// MultipleNegativesRankingLoss, whose value this is with duplicates=keep (and without duplicates). Traps: a larger
// batch is another, harder task, and accumulation adds no negatives: a step is evaluated as a whole (depends_on_batch).
// One row alone costs 0. At T = 0.01 similarities are multiplied by 100: all is settled by the hardest few.
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

struct InfoNceOptions {
  double temperature = 0.05;
  bool symmetric = false;
  std::string similarity = "cosine";
  std::string duplicates = "mask";
  void visit(OptionList& list);
};

extern const LossEntry kInfoNce;

}  // namespace attune::losses
