#include "attune/losses/classes/cross_entropy.h"

#include <cmath>

#include "attune/losses/targets.h"
#include "attune/ops/item_losses.h"

namespace attune::losses {
namespace {

class CrossEntropy final : public ProbabilityLoss {
 public:
  CrossEntropy(const NoOptions&, const ClassOptions& shared, const LossFacts& facts) : ProbabilityLoss(shared, facts) {}
  std::string name() const override { return "cross_entropy"; }

  LossTerm evaluate(Context& context, const LossInput& input) const override {
    if (shared().temperature != 1 || input.targets.classes.empty()) return ProbabilityLoss::evaluate(context, input);
    const int64_t rows = input.logits.rows();
    const Tensor items = ops::softmax_cross_entropy(
        context, input.logits, class_targets(context, input.targets, rows),
        {.class_weights = vector_of(context, weights()), .smoothing = shared().label_smoothing, .ignored = kIgnored});
    return row_term(context, input.targets, items, denominator(input.targets));
  }

 protected:
  Cost of(double, double log_p) const override { return {-log_p, -1}; }
};

long double cross_entropy_reference(const NaiveItem& item) {
  return -std::log(item.softmax(item.y));
}

}  // namespace

std::unique_ptr<Loss> make_cross_entropy(const ClassOptions& options, const LossFacts& facts) {
  return std::make_unique<CrossEntropy>(NoOptions{}, options, facts);
}

const LossEntry kCrossEntropy{
    .name = "cross_entropy",
    .fits = TargetKind::classes,
    .summary = "soft-max cross-entropy; class weights, label smoothing",
    .formula = "-log p[y],  p = softmax(z)",
    .denominator = "class weights of the targets (1 each without)",
    .source = "maximum likelihood; smoothing: Szegedy et al. 2016, arXiv 1512.00567, sec. 7",
    .notes = "As PyTorch's, but where every item is ignored: 0 of 0, not NaN. Soft targets divide by their weights.",
    .maker = maker_of<CrossEntropy, NoOptions, ClassOptions>,
    .reference = cross_entropy_reference};

}  // namespace attune::losses
