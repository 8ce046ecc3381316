// Tversky and Dice losses: one less the overlap of answers and labels, label by label over the whole batch.
//
//   TP_c = sum_i u_i y_ic p_ic,  FP_c = sum_i u_i (1 - y_ic) p_ic,  FN_c = sum_i u_i y_ic (1 - p_ic),  p = sigmoid(z)
//   tversky: item_c = 1 - (TP_c + s) / (TP_c + alpha FP_c + beta FN_c + s)
//   dice:    item_c = 1 - (2 TP_c + s) / (2 TP_c + FP_c + FN_c + s)
//
// Items are labels, not rows: the cost of a row depends on its company, so a step is evaluated as a whole
// (depends_on_batch). Denominator: labels of which something in the batch is known, times their weights. Sources:
// Salehi et al. 2017, arXiv 1706.05721, equation 4 (alpha 0.3, beta 0.7 are its best); Milletari et al. 2016, arXiv
// 1606.04797, section 3, without squares below; for text Li et al. 2020, arXiv 1911.02855. s = 1 (Ludwig's;
// dice_loss_for_NLP has 1e-4): a label that nothing in the batch has costs 1 - s/(FP + s), so its answers are still
// pushed down, without a jump. Traps: noisy where few rows of a batch have a label; users report that these train badly
// alone: add bce.
#pragma once
#include "attune/losses/entry.h"

namespace attune::losses {

struct TverskyOptions {
  double alpha = 0.3, beta = 0.7, smooth = 1;
  void visit(OptionList& list);
};
struct DiceOptions {
  double smooth = 1;
  void visit(OptionList& list);
};

extern const LossEntry kTversky;
extern const LossEntry kDice;

}  // namespace attune::losses
