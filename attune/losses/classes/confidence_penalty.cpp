#include "attune/losses/classes/confidence_penalty.h"

#include <cmath>

#include "attune/losses/shared/class_loss.h"

namespace attune::losses {
namespace {

class ConfidencePenalty final : public ClassLoss {
 public:
  ConfidencePenalty(const ConfidencePenaltyOptions& own, const ClassOptions& shared, const LossFacts& facts)
      : ClassLoss(shared, facts), beta_(own.beta) {}
  std::string name() const override { return "confidence_penalty"; }

 protected:
  double cost(const ClassRow& row, size_t y, double share, std::span<double> gradient) const override {
    double entropy = 0;
    for (size_t k = 0; k < row.classes(); ++k)
      if (row.p[k] > 0) entropy -= row.p[k] * row.log_p[k];
    for (size_t k = 0; k < gradient.size(); ++k) {
      const double slope = row.p[k] > 0 ? row.p[k] * (row.log_p[k] + entropy) : 0;
      gradient[k] += share * (row.p[k] - (k == y ? 1.0 : 0.0) + beta_ * slope);
    }
    return -row.log_p[y] - beta_ * entropy;
  }

 private:
  double beta_;
};

long double confidence_penalty_reference(const NaiveItem& item) {
  long double entropy = 0;
  for (size_t c = 0; c < item.z.size(); ++c) entropy -= item.softmax(c) * std::log(item.softmax(c));
  return -std::log(item.softmax(item.y)) - item.option("beta") * entropy;
}

}  // namespace

void ConfidencePenaltyOptions::visit(OptionList& list) {
  list.add("beta", beta, {.help = "weight of the answer's entropy", .min = 0, .max = 100});
}

const LossEntry kConfidencePenalty{
    .name = "confidence_penalty",
    .fits = TargetKind::classes,
    .summary = "cross-entropy less the answer's entropy, against over-confidence",
    .formula = "-log p[y] - beta * H(p)",
    .denominator = "class weights of the targets (1 each without)",
    .source = "Pereyra et al. 2017, arXiv 1701.06548, sec. 3.1; beta 0.1 is the paper's",
    .notes = "May be below 0. The (1-a) CE + a/K that other systems give this name only scales the loss.",
    .maker = maker_of<ConfidencePenalty, ConfidencePenaltyOptions, ClassOptions>,
    .reference = confidence_penalty_reference};

}  // namespace attune::losses
