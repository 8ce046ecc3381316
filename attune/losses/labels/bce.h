// Binary cross-entropy on logits, label by label.
//
//   positive(z) = q_c softplus(-z),  negative(z) = softplus(z)      (both terms: a negative costs too)
//
// logits z [n, K], targets.values y [n, K] in [0, 1], negative where unknown. q: positive weights. Denominator: known
// labels (times their weights). Gradient (q = 1): sigmoid(z) - y. The mean over all values is Hugging Face's; its K
// multiplies into the step size, which Adam forgives and SGD does not. The article's form lacks the second term: a
// model that says yes to everything would be its best.
#pragma once
#include "attune/losses/entry.h"
#include "attune/losses/shared/label_loss.h"

namespace attune::losses {

struct BceOptions {
  std::vector<double> pos_weight = {};  // q: one number for all labels, or one a label
  void visit(OptionList& list);
};

std::unique_ptr<Loss> make_bce(const BceOptions& own, const LabelOptions& shared, const LossFacts& facts);

extern const LossEntry kBce;

}  // namespace attune::losses
